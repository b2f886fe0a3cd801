"""Peers in Python that draw the page: documents per second of processor time, warm.

    render.py typst|reportlab|fpdf2|weasyprint [--sample FILE]
"""

import io
import sys
import time

import page

SECONDS = 5.0


def typst():
    import tempfile
    from pathlib import Path

    import typst as compiler

    folder = Path(tempfile.mkdtemp(prefix="peers-"))
    (folder / "seal.svg").write_text(page.SEAL_SVG)
    rows = "".join(f"[{label}],[{value}],\n" for label, value in page.ROWS)
    (folder / "page.typ").write_text(f"""
#set page(paper: "a4", margin: 25mm)
#set text(font: "{page.FONT_NAME}", size: 12pt, lang: "zh")
#align(center, text(28pt)[{page.TITLE}])
#v(8mm)
#grid(columns: (45mm, 1fr), row-gutter: 6mm,
[许可证编号],[#sys.inputs.number],
{rows})
#v(6mm)
#text(9pt)[{page.NOTE}]
#place(bottom + left, image(bytes(sys.inputs.square), width: 30mm))
#place(bottom + right, dx: -10mm, image("seal.svg", width: 42mm))
#place(bottom + right, dx: -5mm, dy: -18mm)[{page.AUTHORITY}]
""")
    made = compiler.Compiler(str(folder / "page.typ"), root=str(folder), font_paths=[str(page.FONT.parent)],
                             ignore_system_fonts=True)

    def draw(count):
        inputs = {"number": page.number(count), "square": page.square_svg(count)}
        # Without tags, which would cost it a quarter more.
        return made.compile(format="pdf", sys_inputs=inputs, pdf_tags=False)

    return draw


def rows_of(count):
    return [("许可证编号", page.number(count)), *page.ROWS]


def reportlab():
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen import canvas

    pdfmetrics.registerFont(TTFont("face", str(page.FONT)))

    def wrapped(text, width):
        return [text[start:start + width] for start in range(0, len(text), width)]

    def draw(count):
        out = io.BytesIO()
        sheet = canvas.Canvas(out, pagesize=A4)
        sheet.setTitle(page.TITLE)
        sheet.setFont("face", 28)
        sheet.drawCentredString(105 * mm, 262 * mm, page.TITLE)
        y = 240 * mm
        sheet.setFont("face", 12)
        for label, value in rows_of(count):
            sheet.drawString(25 * mm, y, label)
            for line in wrapped(value, 27):
                sheet.drawString(70 * mm, y, line)
                y -= 6 * mm
            y -= 3 * mm
        sheet.setFont("face", 9)
        for line in wrapped(page.NOTE, 50):
            sheet.drawString(25 * mm, y, line)
            y -= 5 * mm
        modules = page.square(count)
        size = 30 * mm / len(modules)
        for row, line in enumerate(modules):
            for column, dark in enumerate(line):
                if dark:
                    sheet.rect(25 * mm + column * size, 55 * mm - row * size, size, size, stroke=0, fill=1)
        sheet.setFillColorRGB(0.84, 0, 0.06)
        sheet.setStrokeColorRGB(0.84, 0, 0.06)
        sheet.setLineWidth(1.2 * mm)
        sheet.circle(155 * mm, 45 * mm, 20 * mm)
        sheet.setFillColorRGB(0, 0, 0)
        sheet.setFont("face", 12)
        sheet.drawString(135 * mm, 45 * mm, page.AUTHORITY)
        sheet.save()
        return out.getvalue()

    return draw


def fpdf2():
    import fpdf

    def draw(count):
        sheet = fpdf.FPDF(format="A4")
        sheet.add_page()
        sheet.add_font("face", fname=str(page.FONT))
        sheet.set_title(page.TITLE)
        sheet.set_font("face", size=28)
        sheet.cell(0, 20, page.TITLE, align="C", new_x="LMARGIN", new_y="NEXT")
        sheet.set_font("face", size=12)
        for label, value in rows_of(count):
            y = sheet.get_y()
            sheet.set_xy(25, y)
            sheet.cell(45, 7, label)
            sheet.multi_cell(115, 7, value, new_x="LMARGIN", new_y="NEXT")
        sheet.set_font("face", size=9)
        sheet.multi_cell(160, 5, page.NOTE)
        modules = page.square(count)
        size = 30 / len(modules)
        for row, line in enumerate(modules):
            for column, dark in enumerate(line):
                if dark:
                    sheet.rect(25 + column * size, 240 + row * size, size, size, style="F")
        sheet.set_draw_color(215, 0, 15)
        sheet.set_line_width(1.2)
        sheet.circle(155, 252, 20)
        return bytes(sheet.output())

    return draw


def weasyprint():
    import weasyprint as printer
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    style = printer.CSS(string=f"@font-face{{font-family:face;src:url(file://{page.FONT})}}"
                        "@page{size:A4;margin:25mm}body{font:12pt face}h1{font-size:28pt;text-align:center}"
                        "td{padding:1.5mm 0;vertical-align:top}.note{font-size:9pt}", font_config=fonts)

    def draw(count):
        rows = "".join(f"<tr><td>{label}<td>{value}" for label, value in rows_of(count))
        text = (f"<html lang=zh><title>{page.TITLE}</title><h1>{page.TITLE}</h1><table>{rows}</table>"
                f"<p class=note>{page.NOTE}<p><span style='display:inline-block;width:30mm'>{page.square_svg(count)}</span>"
                f"<span style='display:inline-block;width:42mm'>{page.SEAL_SVG}</span>{page.AUTHORITY}</html>")
        return printer.HTML(string=text).write_pdf(stylesheets=[style], font_config=fonts)

    return draw


def main():
    peer = sys.argv[1]
    draw = {"typst": typst, "reportlab": reportlab, "fpdf2": fpdf2, "weasyprint": weasyprint}[peer]()
    for count in range(5):
        file = draw(count)
    if "--sample" in sys.argv:
        with open(sys.argv[sys.argv.index("--sample") + 1], "wb") as out:
            out.write(file)
    began, done = time.process_time(), 0
    while time.process_time() - began < SECONDS:
        done += 1
        file = draw(100 + done)
    print(f"{done / (time.process_time() - began):.2f} {len(file)}")


main()
