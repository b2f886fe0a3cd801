"""What must stand on a face, worked out again from the submission and `type.toml` alone.

Written from docs/templates.md and from nothing else, so that a mistake of the program is not repeated here.
"""

import datetime
import functools
import json
import sys
import tomllib
from pathlib import Path

from program import ROOT, TYPES, issued


@functools.cache
def type_of(code: str) -> dict:
    return tomllib.loads((TYPES / code / "type.toml").read_text("utf-8"))


@functools.cache
def face_of(code: str) -> dict:
    return tomllib.loads((TYPES / code / "face.toml").read_text("utf-8"))


def sheets(code: str, pages: int) -> list[list[dict]]:
    """The elements of each page of a license of a type that came out on so many pages."""
    face = face_of(code)
    if "element" in face:
        return [face["element"]]
    further = pages - sum(1 for page in face["page"] if "further_max" not in page)
    made = []
    for page in face["page"]:
        times = 1 if "further_max" not in page else further
        made += [page["element"]] * times
    return made


@functools.cache
def columns(code: str) -> set[str]:
    """The fields of a type that are set in columns from right to left."""
    return {element["field"] for page in sheets(code, 0) for element in page
            if element.get("direction") == "vertical" and "field" in element}


@functools.cache
def authorities() -> dict[str, str]:
    table = tomllib.loads((ROOT / "templates" / "authorities.toml").read_text("utf-8"))
    return {one["code"]: one["name"] for one in table["authority"]}


def day(text: str) -> str:
    date = datetime.date.fromisoformat(text)
    return f"{date.year:04}年{date.month:02}月{date.day:02}日"


def filled(source: str, submission: dict) -> str:
    first = submission.get("valid_from") or submission["issued_on"]
    last = submission.get("valid_to")
    end = day(last) if last else "长期"
    match source:
        case "holder_names":
            return "、".join(holder["name"] for holder in submission["holders"])
        case "holder_codes":
            return "、".join(holder["code"] for holder in submission["holders"])
        case "license_number":
            return submission["license_number"]
        case "issued_on":
            return day(submission["issued_on"])
        case "valid_from":
            return day(first)
        case "valid_to":
            return end
        case "validity":
            return f"{day(first)}至{end}"
        case "authority_name":
            return authorities()[submission["authority"]]
    raise SystemExit(f"docs/templates.md does not know the source {source!r}")


def printed(field: dict, value) -> str | list[list[str]] | None:
    """A submitted value as it must stand on the face: a text, the cells of a table, None for a portrait."""
    match field["kind"]:
        case "portrait":
            return None
        case "table":
            return [[row[column["code"]] for column in field["columns"]] for row in value]
        case "date":
            return day(value)
        case "date_time":
            return f"{day(value[:10])}{value[11:13]}时{value[14:16]}分"
        case "integer" | "decimal":
            return f"{value}{field.get('unit', '')}"
        case "text" | "choice" | "credit_code" | "citizen_number":
            return value
    raise SystemExit(f"docs/templates.md does not know the kind {field['kind']!r}")


def is_blank(value) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def face_values(submission: dict) -> dict[str, str | list[list[str]] | None]:
    """Field code and what must stand on the face; fields without a value are left out."""
    values = {}
    for field in type_of(submission["type"])["field"]:
        code = field["code"]
        if "from" in field:
            values[code] = filled(field["from"], submission)
        elif not is_blank(submission["face"].get(code)):
            values[code] = printed(field, submission["face"][code])
    return values


def disclosed(submission: dict) -> dict:
    """Name and value of everything an e-certificate discloses, as programs read it (docs/ecert.md)."""
    first = submission.get("valid_from") or submission["issued_on"]
    last = submission.get("valid_to") or "长期"
    plain = {"issued_on": submission["issued_on"], "valid_from": first, "valid_to": last, "validity": f"{first}/{last}"}
    values = {
        "license_number": submission["license_number"],
        "holders": [{key: holder[key] for key in ("code", "kind", "name")} for holder in submission["holders"]],
    }
    for field in type_of(submission["type"])["field"]:
        code = field["code"]
        if "from" in field:
            values[code] = plain.get(field["from"]) or filled(field["from"], submission)
        elif not is_blank(submission["face"].get(code)):
            value = submission["face"][code]
            values[code] = str(value) if field["kind"] == "integer" else value
    return values


def main() -> None:
    """Writes what each license in the folder given must disclose, one JSON object a line, for judges of other tongues."""
    for license_id, submission, pdf, ecert in issued(Path(sys.argv[1])):
        row = {"license_id": license_id, "submission": submission, "type_name": type_of(submission["type"])["name"],
               "authority_name": authorities()[submission["authority"]], "disclosed": disclosed(submission),
               "pdf": str(pdf), "ecert": str(ecert)}
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
