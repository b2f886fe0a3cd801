"""The page that every peer makes: one A4 license of invented data, with a QR square and a round seal.

What differs between documents is the number, as between licenses: it stands in a row, in the title and in the square.
"""

from pathlib import Path

FONT = Path("/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf")
FONT_NAME = "LXGW WenKai"
TITLE = "食品经营许可证"
AUTHORITY = "示例市市场监督管理局"
ROWS = [
    ("经营者名称", "示例市云泽区青禾食品有限责任公司"),
    ("统一社会信用代码", "91990100MA00000123"),
    ("法定代表人（负责人）", "欧阳示例"),
    ("住所", "示例市云泽区人民路一百二十八号青禾大厦三层三〇一室"),
    ("经营场所", "示例市云泽区人民路一百二十八号青禾大厦一层临街商铺"),
    ("主体业态", "食品销售经营者（网络经营）"),
    ("经营项目", "预包装食品（含冷藏冷冻食品）销售，散装食品（含熟食）销售，特殊食品（保健食品、婴幼儿配方乳粉）销售"),
    ("日常监督管理机构", "示例市云泽区市场监督管理所"),
    ("投诉举报电话", "12315"),
    ("签发人", "司徒范例"),
    ("发证日期", "2026年11月22日"),
    ("有效期至", "2031年11月21日"),
]
NOTE = ("本证照由电子证照库签发，与纸质证照具有同等法律效力。扫描二维码可核验本证照的真伪与当前状态。"
        "任何单位和个人不得伪造、涂改、出租、出借、转让本证照。")


def number(count: int) -> str:
    return f"JY1990100{count % 10_000_000:07d}"


def address(count: int) -> str:
    """What the square says; as long as an address of ours."""
    return ("https://zhengku.example/verify#1.2.156.3005.2.11990000MD0000008F002.11990000MD1000018N."
            f"2024{count % 10_000_000:07d}7EMF0EGA0.001.S")


def square(count: int) -> list[list[bool]]:
    """The modules of the square."""
    import qrcode

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(address(count))
    code.make(fit=True)
    return code.get_matrix()


def square_svg(count: int) -> str:
    """The square as one path, rows of dark modules merged."""
    rows = square(count)
    path = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                path.append(f"M{x} {y}h{end - x}v1h-{end - x}z")
            x = max(end, x + 1)
    size = len(rows)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{"".join(path)}"/></svg>'


# A ring and a star.
SEAL_SVG = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="-21 -21 42 42"><circle r="20" fill="none" stroke="#d7000f" '
            'stroke-width="1.2"/><path fill="#d7000f" d="M0 -7 L1.57 -2.16 L6.66 -2.16 L2.54 0.83 L4.11 5.66 L0 2.67 '
            'L-4.11 5.66 L-2.54 0.83 L-6.66 -2.16 L-1.57 -2.16 Z"/></svg>')
