//! How much weight a text has among texts that say the same: a law above a department's rule above a notice.

use serde::{Deserialize, Serialize};

/// A level from 0 to 1 in hundredths, so that it compares exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Authority(u8);

impl Authority {
    /// A law of the National People's Congress.
    pub const LAW: Self = Self(100);
    /// A regulation of the State Council.
    pub const REGULATION: Self = Self(80);
    /// A judicial interpretation or a department's rule.
    pub const RULE: Self = Self(50);
    /// A regulation of a city or province.
    pub const LOCAL: Self = Self(40);
    /// A notice, a guide of our own, anything else.
    pub const NOTICE: Self = Self(20);

    /// As a number from 0 to 1.
    #[must_use]
    pub fn value(self) -> f32 {
        f32::from(self.0) / 100.0
    }

    /// What is supposed of a text that does not say it itself, from its name and issuer.
    #[must_use]
    pub fn supposed(title: &str, issuer: &str) -> Self {
        // 「（2019年修正）」 says which version, not what it is.
        let name = title.split(['（', '(']).next().unwrap_or(title).trim().trim_matches(['《', '》']);
        let issued = |words: &[&str]| words.iter().any(|w| issuer.contains(w));
        let ends = |words: &[&str]| words.iter().any(|w| name.ends_with(w));
        if issued(&["最高人民法院", "最高人民检察院"]) || name.starts_with("最高人民") {
            return Self::RULE;
        }
        let local = ["省", "市", "自治区", "区", "县"].iter().any(|level| {
            issuer.split(['、', '，']).any(|i| {
                i.ends_with(&format!("{level}人民代表大会常务委员会"))
                    || i.ends_with(&format!("{level}人大常委会"))
                    || i.ends_with(&format!("{level}人民政府"))
            })
        });
        if local {
            return if ends(&["条例", "规定", "办法"]) { Self::LOCAL } else { Self::NOTICE };
        }
        if issued(&["全国人民代表大会", "全国人大"])
            || name.ends_with("法典")
            || (name.ends_with('法') && !ends(&["办法", "方法", "做法", "说法", "用法"]))
        {
            return Self::LAW;
        }
        if issued(&["国务院令", "国务院"])
            && !issuer.contains('部')
            && !issuer.contains("办公厅")
            && ends(&["条例", "办法", "规定"])
            || name.starts_with("中华人民共和国") && name.ends_with("条例")
        {
            return Self::REGULATION;
        }
        if issuer.ends_with('部') || issued(&["总局", "委员会", "中国人民银行", "国家"]) {
            return Self::RULE;
        }
        Self::NOTICE
    }
}

impl TryFrom<f32> for Authority {
    type Error = String;

    fn try_from(value: f32) -> Result<Self, String> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self((value * 100.0).round() as u8))
        } else {
            Err(format!("authority 只能在 0 和 1 之间，不是 {value}"))
        }
    }
}

impl From<Authority> for f32 {
    fn from(level: Authority) -> Self {
        level.value()
    }
}
