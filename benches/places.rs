//! Time of finding a place in a message of 200 characters, with a directory of 20,000 places.
//!
//! `cargo bench --bench places`. The directory and the messages are made here from a fixed sequence.

#![expect(clippy::print_stdout, reason = "what was measured")]

use std::time::{Duration, Instant};

use gridworker::incident::{gazetteer::Gazetteer, place::PlaceFinder};

const PLACES: usize = 20_000;
const FIRST: [&str; 20] =
    ["金", "华", "春", "锦", "翠", "云", "龙", "凤", "江", "湖", "阳光", "和", "福", "康", "银", "桂", "柏", "松", "梅", "兰"];
const SECOND: [&str; 20] =
    ["鼎", "庭", "悦", "景", "溪", "湾", "峰", "泉", "林", "府", "城", "岭", "桥", "滨", "晖", "渝", "安", "瑞", "祥", "居"];
const LAST: [&str; 10] = ["花园", "家园", "苑", "新村", "小区", "名都", "公寓", "雅居", "天城", "半岛"];
const SENTENCES: [&str; 6] = [
    "昨天晚上十一点多楼下又有人放鞭炮，吵得一家老小都睡不着，打了好几次电话也没有人来管一下，",
    "下水道堵了三天，一楼都漫出来了，味道大得很，物业说要等领导批，我们等不起，",
    "请问一百二十平的房子装修敲墙归哪个部门管，隔壁天天敲，墙上裂了好长一条缝，",
    "小区大门口的井盖不见了，小孩差点掉进去，旁边也没有放警示牌，麻烦尽快派人来看看，",
    "电梯坏了半个月，老人上下楼不方便，尤其是住在顶楼的几户，买菜都成了问题，",
    "路灯好几盏都不亮，晚上走路看不清，前几天有个嬢嬢绊了一跤，希望早点修好，",
];

fn main() {
    let mut places = String::from("name,kind,aliases,community,grid_code,buildings\n");
    let mut names = Vec::new();
    for n in 0..PLACES {
        // 4,000 names by their parts, each in five districts.
        let part = n % 4000;
        let district = ["", "东", "西", "南", "北"][n / 4000];
        let name = format!("{district}{}{}{}", FIRST[part % 20], SECOND[part / 20 % 20], LAST[part / 400 % 10]);
        places.push_str(&format!("{name},estate,{name}一期|{}{}老院,,G-{},1-30\n", name, n % 7, n % 600));
        names.push(name);
    }
    let mut grids = String::from("grid_code,street,community,grid,kind,handler_post\n");
    for n in 0..600 {
        grids.push_str(&format!("G-{n},某街道,第{}社区,网格{n},普通,岗\n", n / 10));
    }
    let begun = Instant::now();
    let gazetteer = match Gazetteer::from_csv(&grids, &places) {
        Ok(gazetteer) => gazetteer,
        Err(error) => return eprintln!("{error}"),
    };
    let finder = PlaceFinder::new(gazetteer, 0.6);
    println!("built over {PLACES} places in {:?}", begun.elapsed());
    let today = finder.on(jiff::civil::date(2026, 11, 27));
    let mut times: Vec<Duration> = Vec::new();
    let mut sure = 0;
    for round in 0..2000_usize {
        let mut text: String = (0..8).map(|i| SENTENCES[(round + i * 5) % SENTENCES.len()]).collect();
        text = text.chars().take(185).collect();
        let name = &names[round * 7919 % names.len()];
        // Every other name is misspelt.
        let name =
            if round % 2 == 0 { name.clone() } else { name.replace('园', "圆").replace('苑', "院").replace('鼎', "顶") };
        text.push_str(&format!("{name}{}栋", round % 30 + 1));
        let begun = Instant::now();
        let found = today.find(&text);
        times.push(begun.elapsed());
        sure += usize::from(found.place.grid_code.is_some());
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!(
        "{} messages of about 195 characters, {sure} with a grid: median {:?}, 95 % {:?}, 99 % {:?}, most {:?}",
        times.len(),
        at(50),
        at(95),
        at(99),
        at(100)
    );
}
