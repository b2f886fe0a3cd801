//! Scripts (文字) beside Han and Latin: what they are called, and which of them can be set one character at a time.
//!
//! A name may be written in the script of a national minority. Where it cannot be put on a face, the sender is told
//! the script by name, since a list of code points says nothing to a clerk. In some scripts the form of a letter
//! hangs on its neighbours; setting those one character at a time gives something nobody would call a text, so they
//! are refused whatever fonts there are.
//!
//! Zhuang is written in Latin letters, and needs none of this.
//!
//! Source: Unicode 16.0, `Scripts.txt` and the chapters on the scripts named.

use std::fmt;

/// A script beside Han and Latin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Script {
    /// 阿拉伯字母: Uyghur, Kazakh and Kyrgyz in China.
    Arabic,
    /// 西里尔文.
    Cyrillic,
    /// 希腊文.
    Greek,
    /// 希伯来文.
    Hebrew,
    /// The scripts of India.
    Indic,
    /// 高棉文.
    Khmer,
    /// 朝鲜文: Korean.
    Korean,
    /// 老挝文.
    Lao,
    /// 傈僳文.
    Lisu,
    /// 苗文 (Pollard).
    Miao,
    /// 蒙古文, with Todo, Manchu and Sibe.
    Mongolian,
    /// 缅甸文, in which Dai of the Ayeyarwady is written too.
    Myanmar,
    /// 西双版纳新傣文.
    NewTaiLue,
    /// 女书.
    Nushu,
    /// 八思巴文.
    PhagsPa,
    /// 德宏傣文.
    TaiLe,
    /// 老傣文.
    TaiTham,
    /// 泰文.
    Thai,
    /// 藏文.
    Tibetan,
    /// 彝文.
    Yi,
}

/// First and last character, script, and whether its letters need their neighbours to be set.
type Row = (char, char, Script, bool);

/// In the order of the code.
const ROWS: &[Row] = &[
    ('\u{370}', '\u{3ff}', Script::Greek, false),
    ('\u{400}', '\u{52f}', Script::Cyrillic, false),
    ('\u{590}', '\u{5ff}', Script::Hebrew, true),
    ('\u{600}', '\u{6ff}', Script::Arabic, true),
    ('\u{750}', '\u{77f}', Script::Arabic, true),
    ('\u{870}', '\u{8ff}', Script::Arabic, true),
    ('\u{900}', '\u{dff}', Script::Indic, true),
    ('\u{e00}', '\u{e7f}', Script::Thai, true),
    ('\u{e80}', '\u{eff}', Script::Lao, true),
    ('\u{f00}', '\u{fff}', Script::Tibetan, true),
    ('\u{1000}', '\u{109f}', Script::Myanmar, true),
    ('\u{1100}', '\u{11ff}', Script::Korean, true),
    ('\u{1780}', '\u{17ff}', Script::Khmer, true),
    ('\u{1800}', '\u{18af}', Script::Mongolian, true),
    ('\u{1950}', '\u{197f}', Script::TaiLe, false),
    ('\u{1980}', '\u{19df}', Script::NewTaiLue, false),
    ('\u{1a20}', '\u{1aaf}', Script::TaiTham, true),
    ('\u{3131}', '\u{318e}', Script::Korean, false),
    ('\u{a000}', '\u{a4cf}', Script::Yi, false),
    ('\u{a4d0}', '\u{a4ff}', Script::Lisu, false),
    ('\u{a840}', '\u{a87f}', Script::PhagsPa, true),
    ('\u{a960}', '\u{a97f}', Script::Korean, true),
    ('\u{a9e0}', '\u{a9ff}', Script::Myanmar, true),
    ('\u{aa60}', '\u{aa7f}', Script::Myanmar, true),
    ('\u{ac00}', '\u{d7a3}', Script::Korean, false),
    ('\u{d7b0}', '\u{d7ff}', Script::Korean, true),
    ('\u{fb1d}', '\u{fb4f}', Script::Hebrew, true),
    ('\u{fb50}', '\u{fdcf}', Script::Arabic, true),
    ('\u{fdf0}', '\u{fdff}', Script::Arabic, true),
    ('\u{fe70}', '\u{fefc}', Script::Arabic, true),
    ('\u{11660}', '\u{1167f}', Script::Mongolian, true),
    ('\u{11fb0}', '\u{11fbf}', Script::Lisu, false),
    ('\u{16f00}', '\u{16f9f}', Script::Miao, true),
    ('\u{1b170}', '\u{1b2ff}', Script::Nushu, false),
];

impl Script {
    /// The script of a character; `None` for Han, Latin, digits, punctuation and everything else.
    pub fn of(character: char) -> Option<Self> {
        Self::row(character).map(|(_, _, script, _)| *script)
    }

    /// Whether a character changes its form with its neighbours, so that no font is of use without a program that
    /// sets its script.
    pub fn needs_shaping(character: char) -> bool {
        Self::row(character).is_some_and(|(.., shaped)| *shaped)
    }

    /// The scripts of those characters of `text` that cannot be set one at a time, each once.
    pub fn unset(text: &str) -> Vec<Self> {
        let mut scripts: Vec<Self> =
            text.chars().filter(|c| Self::needs_shaping(*c)).filter_map(Self::of).collect();
        scripts.sort_unstable();
        scripts.dedup();
        scripts
    }

    fn row(character: char) -> Option<&'static Row> {
        // Nearly every character on a face is one of these.
        if character < '\u{370}' || ('\u{3190}'..='\u{9fff}').contains(&character) {
            return None;
        }
        let at = ROWS.partition_point(|(_, last, ..)| *last < character);
        ROWS.get(at).filter(|(first, ..)| *first <= character)
    }

    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Arabic => (
                "Arabic letters (Uyghur, Kazakh, Kyrgyz)",
                "阿拉伯字母（维吾尔文、哈萨克文、柯尔克孜文）",
            ),
            Self::Cyrillic => ("Cyrillic", "西里尔文"),
            Self::Greek => ("Greek", "希腊文"),
            Self::Hebrew => ("Hebrew", "希伯来文"),
            Self::Indic => ("a script of India", "印度文字"),
            Self::Khmer => ("Khmer", "高棉文"),
            Self::Korean => ("Korean", "朝鲜文"),
            Self::Lao => ("Lao", "老挝文"),
            Self::Lisu => ("Lisu", "傈僳文"),
            Self::Miao => ("Miao", "苗文"),
            Self::Mongolian => ("Mongolian (or Manchu, Sibe)", "蒙古文（满文、锡伯文）"),
            Self::Myanmar => ("Myanmar", "缅甸文"),
            Self::NewTaiLue => ("New Tai Lue", "西双版纳新傣文"),
            Self::Nushu => ("Nüshu", "女书"),
            Self::PhagsPa => ("Phags-pa", "八思巴文"),
            Self::TaiLe => ("Tai Le", "德宏傣文"),
            Self::TaiTham => ("Tai Tham", "老傣文"),
            Self::Thai => ("Thai", "泰文"),
            Self::Tibetan => ("Tibetan", "藏文"),
            Self::Yi => ("Yi", "彝文"),
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (english, chinese) = self.names();
        write!(f, "{english} ({chinese})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_in_order_and_lie_apart() {
        assert!(ROWS.iter().all(|(first, last, ..)| first <= last));
        assert!(ROWS.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn scripts_of_the_minorities_are_known_by_name() {
        let rows = [
            ("བོད་ཡིག", Script::Tibetan, true),
            ("ئۇيغۇرچە", Script::Arabic, true),
            ("ᠮᠣᠩᠭᠣᠯ", Script::Mongolian, true),
            ("ꆈꌠꁱꂷ", Script::Yi, false),
            ("조선글", Script::Korean, false),
            ("ᥖᥭᥰ", Script::TaiLe, false),
        ];
        for (text, script, shaped) in rows {
            assert!(text.chars().all(|c| Script::of(c) == Some(script)), "{script}");
            assert_eq!(Script::unset(text).contains(&script), shaped, "{script}");
        }
        assert!("𠮷祥㐂〇·（A1é）Vahcuengh，".chars().all(|c| Script::of(c).is_none()));
    }
}
