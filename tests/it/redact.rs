use gridworker::conversation::redact::{Personal, Vault, mask_phone, redact, restore};
use proptest::prelude::*;

fn redacted(text: &str) -> String {
    let mut vault = Vault::default();
    let out = redact(text, &mut vault);
    assert_eq!(restore(&out, &vault), text, "restoring gives the text back");
    assert_eq!(redact(&out, &mut vault), out, "redacting twice changes nothing: {text}");
    out
}

#[test]
fn personal_data_becomes_placeholders() {
    for (text, expected) in [
        ("电话13800138000，谢谢", "电话〔电话1〕，谢谢"),
        ("138 0013 8000 或 138-0013-8000", "〔电话1〕 或 〔电话1′〕"),
        ("打１３８００１３８０００", "打〔电话1〕"),
        ("一三八零零一三八零零零找我", "〔电话1〕找我"),
        ("+8613800138000", "+〔电话1〕"),
        ("座机023-68901234", "座机〔电话1〕"),
        ("座机(023)68901234", "座机〔电话1〕"),
        ("电话68901234", "电话〔电话1〕"),
        ("身份证500104199001011234", "身份证〔证件1〕"),
        ("身份证50010419900101123X。", "身份证〔证件1〕。"),
        ("旧证500104900101123", "旧证〔证件1〕"),
        ("卡号6222021234567890123", "卡号〔银行卡1〕"),
        ("邮箱 abc.def@example.com。", "邮箱 〔邮箱1〕。"),
        ("渝A12345挡路", "〔车牌1〕挡路"),
        ("渝AD12345和渝A·12345", "〔车牌1〕和〔车牌2〕"),
        ("7栋2单元501室漏水", "7栋2单元〔门牌1〕漏水"),
        ("7栋2单元501漏水", "7栋2单元〔门牌1〕漏水"),
        ("3幢1204有人养鸡", "3幢〔门牌1〕有人养鸡"),
        ("住7-2-501", "住7-2-〔门牌1〕"),
        ("5-3号房", "〔门牌1〕"),
        ("12楼3号", "12楼〔门牌1〕"),
        ("五〇一室", "〔门牌1〕"),
        ("我叫张三，住在春晖路", "我叫〔姓名1〕，住在春晖路"),
        ("我是张三", "我是〔姓名1〕"),
        ("联系人：李小四 电话13800138000", "联系人：〔姓名1〕 电话〔电话1〕"),
        ("姓名：欧阳小五", "姓名：〔姓名1〕"),
        ("本人王五反映", "本人〔姓名1〕反映"),
        ("我叫张三住在七栋", "我叫〔姓名1〕住在七栋"),
        ("在铂金云鼎小区3栋，我住3-1204", "在铂金云鼎小区3栋，我住3-〔门牌1〕"),
        ("铂金云鼎3-1204漏水", "铂金云鼎3-〔门牌1〕漏水"),
        ("我叫张三。张三已经报过了", "我叫〔姓名1〕。〔姓名1〕已经报过了"),
    ] {
        assert_eq!(redacted(text), expected, "redacting {text}");
    }
}

#[test]
fn what_is_nobodys_stays() {
    for text in [
        "请打12345、110、95598或400-820-8820",
        "7栋2单元门口",
        "第七网格 3号楼 12楼 5单元",
        "有30户居民停电，室内没水",
        "我叫你们来看看，我是业主，我是住户，我是高层住户",
        "本人反映一个问题，联系人电话请保密",
        "2024年3月1日上午9:00，第501条",
        "乘坐2号线到3号口",
        "罚款500-2000元",
        "罚款50-200元，等了10-20分钟，每月10-1500块",
        "每户1200元，涉及1200户，共300户",
        "2024-03-01发布",
        "1974.10-1978.1在厂里，第四幢二十八户住户",
        "本人曾多次申请补办",
        "我是方便的时候去，我是向你们反映",
    ] {
        assert_eq!(redacted(text), text, "nothing personal in {text}");
    }
}

#[test]
fn a_placeholder_stands_for_the_same_value_through_the_conversation() {
    let mut vault = Vault::default();
    assert_eq!(redact("我叫张三，13800138000", &mut vault), "我叫〔姓名1〕，〔电话1〕");
    let stored = serde_json::to_string(&vault).expect("a vault is written");
    let mut vault: Vault = serde_json::from_str(&stored).expect("and read again");
    assert_eq!(
        redact("张三的另一个号13900139000，原来的13800138000", &mut vault),
        "〔姓名1〕的另一个号〔电话2〕，原来的〔电话1〕"
    );
    assert_eq!(vault.of(Personal::Phone).collect::<Vec<_>>(), ["13800138000", "13900139000"]);
    assert_eq!(restore("请回电〔电话2〕，〔电话9〕〔1〕", &vault), "请回电13900139000，〔电话9〕〔1〕");
    assert_eq!(vault.value("〔姓名1〕"), Some("张三"));
    assert_eq!(mask_phone("138 0013 8000"), "138****8000");
    assert_eq!(mask_phone("023-68901234"), "023****1234");
    assert_eq!(mask_phone("110"), "*10");
}

fn around() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "我家",
            "漏水",
            "，",
            "。",
            " ",
            "请打",
            "3",
            "栋",
            "单元",
            "电话",
            "-",
            "A",
            "一",
            "联系人：",
            "\n",
            "是",
            "x",
        ]),
        0..6,
    )
    .prop_map(|v| v.concat())
}

proptest! {
    #[test]
    fn no_number_gets_through(before in around(), after in around(), rest in 0u64..1_000_000_000, kind in 0u8..2) {
        let number = if kind == 0 { format!("13{rest:09}") } else { format!("50010419900101{:04}", rest % 10_000) };
        let mut vault = Vault::default();
        let text = format!("{before}{number}{after}");
        let out = redact(&text, &mut vault);
        prop_assert!(!out.contains(&number), "{} got through: {}", number, out);
        prop_assert!(!out.contains(&number[..number.len() - 3]), "most of {} got through: {}", number, out);
        prop_assert_eq!(restore(&out, &vault), text);
        for value in vault.values() {
            prop_assert!(value.chars().count() < 2 || !out.contains(value) || value.chars().count() <= 3, "{} leaks in {}", value, out);
        }
    }

    #[test]
    fn any_text_comes_back(text in any::<String>()) {
        prop_assume!(!text.contains('〔'));
        let mut vault = Vault::default();
        let out = redact(&text, &mut vault);
        prop_assert_eq!(restore(&out, &vault), text);
        prop_assert_eq!(redact(&out, &mut vault), out);
    }

    #[test]
    fn mixed_text_comes_back(parts in prop::collection::vec(prop::sample::select(vec!["我叫", "张三", "13800138000", " ", "7栋", "2单元", "501", "室", "渝A", "12345", "-", "，", "一三八", "姓名：", "@", "a.com", "500104199001011234", "号", "住"]), 0..14)) {
        let text = parts.concat();
        let mut vault = Vault::default();
        let out = redact(&text, &mut vault);
        prop_assert_eq!(restore(&out, &vault), text.clone());
        prop_assert_eq!(redact(&out, &mut vault), out, "twice: {}", text);
    }
}
