use super::*;

const A: NodeIndex = NodeIndex(0);
const B: NodeIndex = NodeIndex(1);
const C: NodeIndex = NodeIndex(2);
const THERE: Direction = Direction { from: A, to: B };
const BACK: Direction = Direction { from: B, to: A };

fn at(node: NodeIndex) -> Ipv4Addr {
    address::of_node(node).unwrap()
}

#[test]
fn what_is_done_one_way_meets_who_sends_that_way_to_the_node_and_to_the_proxies_between() {
    let mut filter = Filter::knowing_nothing();
    let [one, other] = [0, 1].map(|number| address::of_proxy(number).unwrap());
    filter.proxies = BTreeMap::from([(THERE, one), (BACK, other)]);
    filter.cut(THERE, true);
    filter.lose(BACK, 0.05);
    let silent = [at(B), one, other].map(|to| Element::Silent(at(A), to));
    let lossy = [at(A), one, other].map(|to| Element::Lossy(at(B), to, 50_000));
    assert_eq!(filter.elements(), silent.into_iter().chain(lossy).collect());
    filter.cut(THERE, false);
    filter.lose(BACK, 0.0);
    assert_eq!(filter.elements(), BTreeSet::new());
}

#[test]
fn sets_are_apart_from_all_others_and_so_are_the_proxies_between_them() {
    let mut filter = Filter::knowing_nothing();
    let proxies = [0, 1].map(|number| address::of_proxy(number).unwrap());
    let within = Direction { from: B, to: C };
    filter.proxies = BTreeMap::from([(THERE, proxies[0]), (within, proxies[1])]);
    filter.set_partition(&[vec![A], vec![B, C]]);
    let sides = [Element::Side(at(A), 0), Element::Side(at(B), 1), Element::Side(at(C), 1)];
    let apart = [Element::Apart(at(A), 1), Element::Apart(at(B), 0), Element::Apart(at(C), 0)];
    let between = [0, 1].map(|side| Element::Apart(proxies[0], side));
    assert_eq!(filter.elements(), sides.into_iter().chain(apart).chain(between).collect());
    // A node in no set is apart from no other.
    filter.set_partition(&[vec![A], vec![C]]);
    assert!(filter.elements().iter().all(|element| match element {
        Element::Side(node, _) | Element::Apart(node, _) => [at(A), at(C)].contains(node),
        _ => false,
    }));
    filter.set_partition(&[]);
    assert_eq!(filter.elements(), BTreeSet::new());
}

#[test]
fn a_share_is_drawn_and_the_whole_is_dropped() {
    let drawn = "add chain ip tools loss_50000\n\
                 add rule ip tools loss_50000 numgen random mod 1000000 < 50000 drop\n";
    assert_eq!(chain(50_000), drawn);
    assert_eq!(chain(1_000_000), "add chain ip tools loss_1000000\nadd rule ip tools loss_1000000 drop\n");
}

#[test]
fn elements_are_told_as_nft_reads_them() {
    let told = [
        (Element::Silent(at(A), at(B)), "silent { 10.0.1.0 . 10.0.1.1 }", "silent { 10.0.1.0 . 10.0.1.1 }"),
        (Element::Side(at(A), 0), "side { 10.0.1.0 : 1 }", "side { 10.0.1.0 }"),
        (Element::Apart(at(A), 1), "apart { 10.0.1.0 . 2 }", "apart { 10.0.1.0 . 2 }"),
        (
            Element::Lossy(at(A), at(B), 50_000),
            "lossy { 10.0.1.0 . 10.0.1.1 : jump loss_50000 }",
            "lossy { 10.0.1.0 . 10.0.1.1 }",
        ),
    ];
    for (element, added, deleted) in told {
        assert_eq!((element.text(true).as_str(), element.text(false).as_str()), (added, deleted));
    }
}
