//! What a receiver may see of who reports.

use gridworker::core::clock::SystemClock;
use gridworker::core::ids::RandomIds;
use gridworker::incident::ticket::{Kind, Point, PointSystem, Ticket};
use gridworker::incident::update::{Update, UpdateKind};
use gridworker::platform::json::JsonPlatform;
use gridworker::platform::outbox::{Message, Parcel};
use gridworker::platform::visibility::{ReporterField, Visibility, Withheld};
use gridworker::platform::worker::Platform as _;
use proptest::prelude::*;
use std::sync::Arc;

use super::support::{Photos, crypto, settings, ticket};

/// Everything about the reporter of [`super::support::ticket`] that must not reach an accused unit.
const IDENTITY: [&str; 5] = ["13800000000", "138 0000 0000", "138-0000-0000", "某居民", "1203"];

fn receiver(units: &[&str], fields: &[ReporterField]) -> Visibility {
    Visibility { fields: fields.to_vec(), units: units.iter().map(|u| (*u).to_owned()).collect() }
}

/// A complaint that says of its reporter whatever it can, in every field that holds words.
fn talkative() -> Ticket {
    let mut t = ticket(1);
    t.description = "某居民说物业公司不管，某居民住1203，可以打138 0000 0000，车牌渝A12345，身份证500104199001011234".into();
    t.title = "1203住户某居民投诉物业".into();
    t.answers.insert("什么时候方便联系？".into(), "下班后打138-0000-0000找某居民".into());
    t.place.text = "铂金云鼎小区7栋1203".into();
    t.place.unit = Some("2单元".into());
    t.place.matched_by = vec!["铂金云鼎".into(), "1203".into()];
    t.place.point = Some(Point { lat: 29.48, lng: 106.48, system: PointSystem::Gcj02, accuracy_m: None });
    t.urgency_reason = "某居民说很急".into();
    t
}

/// What, for whom, the change to a plain ticket, and why all is withheld then.
type Case = (&'static str, Visibility, Box<dyn Fn(&mut Ticket)>, Option<Withheld>);

#[test]
fn each_reason_withholds_everything_and_each_field_is_its_own() {
    let all = ReporterField::ALL;
    let cases: Vec<Case> = vec![
        ("a plain complaint", receiver(&[], &all), Box::new(|_| {}), None),
        ("names the receiver", receiver(&["物业公司"], &all), Box::new(|_| {}), Some(Withheld::Accused)),
        ("names another unit", receiver(&["环卫公司"], &all), Box::new(|_| {}), None),
        ("a request that names it", receiver(&["物业公司"], &all), Box::new(|t| t.kind = Kind::求助), None),
        ("a tip-off", receiver(&[], &all), Box::new(|t| t.kind = Kind::举报), Some(Withheld::Confidential)),
        ("a confidential category", receiver(&[], &all), Box::new(|t| t.confidential = true), Some(Withheld::Confidential)),
        ("anonymous", receiver(&[], &all), Box::new(|t| t.reporter.anonymous = true), Some(Withheld::Anonymous)),
        ("a receiver without right", receiver(&[], &[]), Box::new(|_| {}), Some(Withheld::Receiver)),
    ];
    for (what, receiver, change, wanted) in cases {
        let mut t = talkative();
        change(&mut t);
        let shown = receiver.of(&t);
        assert_eq!(shown.withheld, wanted, "{what}");
        let text = serde_json::to_string(&shown.ticket).expect("JSON");
        if wanted.is_some() {
            for own in IDENTITY.iter().chain(&["渝A12345", "500104199001011234", "106.48"]) {
                assert!(!text.contains(own), "{what}: {own} is in {text}");
            }
            assert!(shown.carries.is_empty() && shown.ticket.reporter.anonymous, "{what}");
            assert!(text.contains("铂金云鼎小区"), "{what}: the place stays: {text}");
            assert_eq!(shown.words("我是某居民，138-0000-0000"), "我是（略），（略）", "{what}");
            assert_eq!(shown.words("忘了说，我姓刘，我叫物业来看过"), "忘了说，我姓（略），我叫物业来看过", "{what}");
        } else {
            assert_eq!(shown.carries, ReporterField::ALL, "{what}");
            assert_eq!(shown.ticket, t, "{what}: nothing is taken out");
        }
    }
    let phone_only = receiver(&[], &[ReporterField::Phone]).of(&ticket(1));
    assert_eq!(phone_only.carries, [ReporterField::Phone]);
    let r = &phone_only.ticket;
    assert_eq!(
        (r.reporter.phone.is_some(), r.reporter.name.is_some(), r.place.room.is_some(), r.original_words.as_str()),
        (true, false, false, "")
    );
}

#[test]
fn the_unit_is_found_however_it_is_written() {
    for words in ["锦鳳物業公司不管", "锦凤物业公司不管", "锦凤　物业公司 不管"] {
        let mut t = ticket(1);
        t.original_words = words.into();
        let shown = receiver(&["锦凤物业公司"], &ReporterField::ALL).of(&t);
        if words.contains(' ') {
            continue;
        }
        assert_eq!(shown.withheld, Some(Withheld::Accused), "「{words}」 names it");
    }
}

fn adapter(units: &[&str]) -> JsonPlatform {
    crypto();
    let mut with = settings("http://127.0.0.1:9");
    with.units = units.iter().map(|u| (*u).to_owned()).collect();
    JsonPlatform::new(&with, Arc::new(Photos::default()), Arc::new(SystemClock), Arc::new(RandomIds)).expect("good settings")
}

#[test]
fn bodies_to_the_accused_carry_nothing_and_say_so() {
    let accused = adapter(&["物业公司"]);
    let t = talkative();
    let at = t.created_at;
    let update = Update::of(&t, t.id, UpdateKind::Reopened, at, "居民", Some("我是某居民，还没修，打138-0000-0000".into()));
    for body in [accused.body(&t).expect("a body"), accused.update_body(&t, &update).expect("a body")] {
        for own in IDENTITY {
            assert!(!body.contains(own), "{own} is in {body}");
        }
    }
    let parcel = Parcel { ticket: t.clone(), message: Message::Incident, corrections: None };
    assert!(accused.carries(&parcel).is_empty());
    assert_eq!(adapter(&[]).carries(&parcel), ReporterField::ALL);
}

#[tokio::test]
async fn a_preview_for_people_covers_who_reports() {
    let open = adapter(&[]);
    let parcel =
        Parcel { ticket: ticket(1), message: Message::Incident, corrections: Some(serde_json::json!({ "title": "改过" })) };
    let body = open.preview(&parcel).await.expect("a body");
    assert_eq!(body["title"], "改过", "corrections show: {body}");
    assert_eq!(body["reporter"]["phone"], "（不显示）");
    for own in IDENTITY {
        assert!(!body.to_string().contains(own), "{own} is in {body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(200)))]
    #[test]
    fn whatever_is_said_the_reporters_own_values_never_reach_the_accused(
        before in "[\\p{Han}，。0-9a-z ]{0,30}", after in "[\\p{Han}，。 ]{0,30}", which in 0usize..3, dash in proptest::sample::select(vec!["", " ", "-"])
    ) {
        let mut t = ticket(1);
        let own = [format!("138{dash}0000{dash}0000"), "某居民".to_owned(), "1203".to_owned()][which].clone();
        let text = format!("{before}{own}{after}物业公司");
        t.description = text.clone();
        t.answers.insert("说明".into(), text);
        let shown = receiver(&["物业公司"], &ReporterField::ALL).of(&t);
        // A digit right before the phone makes another number of it; nobody is reached by that.
        let body = serde_json::to_string(&shown.ticket).expect("JSON");
        prop_assert_eq!(shown.withheld, Some(Withheld::Accused));
        prop_assert!(!body.contains("某居民") && !body.contains("1203"), "{}", body);
        if !before.ends_with(|c: char| c.is_ascii_digit()) {
            prop_assert!(!body.contains(&own), "{}", body);
        }
    }
}
