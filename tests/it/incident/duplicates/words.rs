//! 「一起反映」 and 「不是同一件事」 as people say them.

use gridworker::incident::confirm::ConfirmWord;
use gridworker::incident::duplicates::words::{SameWord, Which};

use crate::incident::all_hold;

#[test]
fn joining_answers_are_read_and_nothing_else_is() {
    let join = |which| Some(SameWord::Join(which));
    let cases = [
        ("一起反映", join(Which::Unsaid)),
        ("一起反映吧。", join(Which::Unsaid)),
        ("我也一起反映！", join(Which::Unsaid)),
        ("是同一件", join(Which::Unsaid)),
        ("就是同一件事嘛", join(Which::Unsaid)),
        ("一起反映1", join(Which::Place(1))),
        ("一起反映第二个", join(Which::Place(2))),
        ("第三个是同一件", join(Which::Place(3))),
        ("一起反映 WG20260609000001", join(Which::Number("WG20260609000001".to_owned()))),
        ("这不是同一件事", Some(SameWord::Other)),
        ("不是同一件", Some(SameWord::Other)),
        ("不是一回事哦", Some(SameWord::Other)),
        ("一起反映9", None),
        ("是同一件事吗？", None),
        ("一起反映什么", None),
        ("是的", None),
        ("确认", None),
        ("楼上漏水和楼下漏水不是同一件事，你们搞错了", None),
        ("", None),
    ];
    let failures: Vec<String> = cases
        .iter()
        .filter(|(said, expected)| SameWord::read(said) != *expected)
        .map(|(said, expected)| format!("「{said}」 is {:?}, should be {expected:?}", SameWord::read(said)))
        .collect();
    all_hold(&failures, cases.len());
    for (said, meaning) in &cases {
        assert!(meaning.is_none() || ConfirmWord::read(said).is_none(), "「{said}」 must not also confirm or cancel");
    }
}
