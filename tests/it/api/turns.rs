//! A turn over the wire: the contract's shape, its events, and how little can be lost.

use serde_json::json;

use crate::support::app::TestApp;

#[tokio::test]
async fn smoke() {
    let t = std::time::Instant::now();
    let app = TestApp::start().await;
    eprintln!("start {:?}", t.elapsed());
    let resident = app.resident().await;
    for q in ["高龄津贴一个月多少钱", "居住证怎么办", "那要多久呢", "楼上晚上太吵怎么办", "冬季取暖补贴多少钱", "头盔以旧换新补多少钱", "飞线充电怎么处置", "火星移民怎么报名"] {
        let turn = resident.say(q).await;
        eprintln!("{q}: {} {} {} {:?}", turn["route"], turn["finish"], turn["reply"]["text"], turn["reply"]["citations"][0]["document_id"]);
    }
    let w = app.gridworker().await;
    eprintln!("{}", w.say("飞线充电怎么处置").await);
    let ticket = resident.report_facade().await;
    eprintln!("{ticket}");
    app.told().await;
    eprintln!("{:?}", app.platform().incidents().await);
    eprintln!("{}", resident.history().await);
    assert_eq!(json!(1), 1);
    eprintln!("end {:?}", t.elapsed());
}
