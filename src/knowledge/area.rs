//! Where a document holds: the street lies in its district, the district in its city, the city in the country.

/// Everywhere.
pub const NATIONWIDE: &str = "全国";

/// The areas that hold for the street, widest first: 全国, 重庆市, 大渡口区, 春晖路街道.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Areas(Vec<String>);

impl Areas {
    /// From `street.toml`, widest first.
    #[must_use]
    pub fn new(areas: Vec<String>) -> Self {
        Self(areas)
    }

    /// Their names, widest first.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Does a document of this area hold here? Every one does when no areas are known.
    #[must_use]
    pub fn holds(&self, area: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|a| a == area)
    }

    /// Is there anybody for whom documents of both areas hold? The street's areas lie in one another; of others nothing is
    /// known but their names.
    #[must_use]
    pub fn meet(&self, a: &str, b: &str) -> bool {
        let ours = |area: &str| self.0.iter().any(|x| x == area);
        a == b || a == NATIONWIDE || b == NATIONWIDE || ours(a) && ours(b)
    }
}

/// How local an area is among `areas` (widest first): 0 for the widest and for unknown ones.
#[must_use]
pub fn locality(areas: &[String], area: &str) -> usize {
    areas.iter().position(|a| a == area).unwrap_or(0)
}
