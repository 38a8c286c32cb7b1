//! Which passwords are taken, and how they are kept.

use gridworker::identity::password::{Hasher, fault, one_time};
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};

fn refused(password: &str, name: &str) -> Option<String> {
    fault(&SecretString::from(password), name, 12)
}

#[test]
fn length_counts_first_and_what_everybody_takes_is_refused() {
    for (password, name) in [
        ("short", "x"),
        ("十一个字的密码还是太短", "x"),
        ("aaaaaaaaaaaaaaaa", "x"),
        ("abababababababab", "x"),
        ("123456789012", "x"),
        ("987654321098", "x"),
        ("19900101199001", "x"),
        ("138123456781", "x"),
        ("qwertyuiopas", "x"),
        ("1qaz2wsx3edc", "x"),
        ("password1234", "x"),
        ("P@ssw0rd!2026", "x"),
        ("Password@2026!", "x"),
        ("adminadmin123", "x"),
        ("Admin@123456", "x"),
        ("woaini1314520", "x"),
        ("iloveyou20260609", "x"),
        ("gridworker2026", "x"),
        ("wanggeyuan888", "x"),
        ("网格员密码1234567", "x"),
        ("我爱中国123456789", "x"),
        ("abcdefgh12345678", "x"),
        ("ｐａｓｓｗｏｒｄ１２３４", "x"),
        ("zhang-san-and-more-words", "Zhang-San"),
        ("锦凤七网格的新密码很长", "锦凤七网格"),
    ] {
        assert!(refused(password, name).is_some(), "「{password}」 should be refused");
    }
    for password in [
        "楼道里的灯泡坏了三天没人修",
        "correct horse battery staple",
        "tiny-otter-sings-3-songs",
        "Vq7#rT!m2Lp0x",
        "我家的猫叫password",
        "20260609 was a tuesday",
    ] {
        assert_eq!(refused(password, "zhang-san"), None, "「{password}」");
    }
    assert!(fault(&SecretString::from("字".repeat(129)), "x", 12).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(256)))]

    /// Any text at all: an answer and no panic; shorter than allowed is never taken.
    #[test]
    fn any_text_gets_an_answer(password in "\\PC{0,40}", name in "\\PC{0,12}") {
        let answer = refused(&password, &name);
        let folded: String = unicode_normalization::UnicodeNormalization::nfkc(password.as_str()).collect();
        if folded.chars().count() < 12 {
            prop_assert!(answer.is_some());
        }
    }

    /// What we give out ourselves would be taken, and no two are alike.
    #[test]
    fn a_one_time_password_is_a_good_one(a in "[A-Za-z0-9_-]{43}", b in "[A-Za-z0-9_-]{43}") {
        let one = one_time(&a);
        prop_assert_eq!(one.expose_secret().len(), 23);
        prop_assert!(one.expose_secret().chars().all(|c| c == '-' || (c.is_ascii_alphanumeric() && !"lo01".contains(c))));
        prop_assert_eq!(refused(one.expose_secret(), "someone"), None);
        prop_assert_eq!(a == b, one.expose_secret() == one_time(&b).expose_secret());
    }
}

#[tokio::test]
async fn a_hash_is_argon2id_with_owasps_parameters_and_a_salt_of_its_own() {
    let hasher = Hasher::default();
    let password = SecretString::from("楼道里的灯泡坏了三天没人修");
    let one = hasher.hash(&password, "a").await.expect("a hash");
    let two = hasher.hash(&password, "b").await.expect("a hash");
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    assert_ne!(one, two, "two salts");
    let right = hasher.verify(&password, Some(&one)).await.expect("a comparison");
    assert!(right.right && !right.outdated);
    assert!(!hasher.verify(&SecretString::from("another"), Some(&one)).await.expect("a comparison").right);
    assert!(!hasher.verify(&password, None).await.expect("a comparison").right, "without a hash nothing is right");
    assert!(hasher.verify(&password, Some("nonsense")).await.is_err());
    // Full-width digits of an input method are the digits.
    let digits = hasher.hash(&SecretString::from("门牌２３号的桂花开了十天"), "c").await.expect("a hash");
    assert!(hasher.verify(&SecretString::from("门牌23号的桂花开了十天"), Some(&digits)).await.expect("a comparison").right);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_keep_a_turn() {
    let hasher = Hasher::default();
    let password = SecretString::from("楼道里的灯泡坏了三天没人修");
    for _ in 0..6 {
        let left = tokio::time::timeout(std::time::Duration::from_millis(1), hasher.verify(&password, None)).await;
        assert!(left.is_err(), "a comparison takes longer than a millisecond");
    }
    hasher.verify(&password, None).await.expect("its turn comes");
}
