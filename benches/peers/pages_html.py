"""The page in HTML, for the browser: a list of documents that differ in their number, as JSON."""

import json

import page


def text() -> str:
    documents = []
    for count in range(40):
        rows = "".join(f"<tr><td>{label}<td>{value}" for label, value in
                       [("许可证编号", page.number(count)), *page.ROWS])
        documents.append({"html": (
            f"<!doctype html><html lang=zh><title>{page.TITLE}</title><style>body{{font:12pt '{page.FONT_NAME}'}}"
            "h1{font-size:28pt;text-align:center}td{padding:1.5mm 0;vertical-align:top}.note{font-size:9pt}"
            f"svg{{width:40mm}}</style><h1>{page.TITLE}</h1><table>{rows}</table><p class=note>{page.NOTE}"
            f"<p>{page.square_svg(count)}{page.SEAL_SVG}{page.AUTHORITY}</html>")})
    return json.dumps(documents, ensure_ascii=False)
