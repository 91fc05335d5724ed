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
fn what_is_done_one_way_meets_who_sends_that_way() {
    let mut filter = Filter::knowing_nothing();
    filter.cut(THERE, true);
    filter.carry(BACK, true);
    let elements = [Element::Silent(at(A), at(B)), Element::Carried(at(B), at(A))];
    assert_eq!(filter.elements(), elements.into_iter().collect());
    filter.cut(THERE, false);
    filter.carry(BACK, false);
    assert_eq!(filter.elements(), BTreeSet::new());
}

#[test]
fn sets_are_apart_from_all_others() {
    let mut filter = Filter::knowing_nothing();
    filter.set_partition(&[vec![A], vec![B, C]]);
    let sides = [Element::Side(at(A), 0), Element::Side(at(B), 1), Element::Side(at(C), 1)];
    let apart = [Element::Apart(at(A), 1), Element::Apart(at(B), 0), Element::Apart(at(C), 0)];
    assert_eq!(filter.elements(), sides.into_iter().chain(apart).collect());
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
fn the_mark_of_carried_packets_is_that_of_the_rule() {
    assert!(TABLE.contains(&format!("@carried meta mark set {CARRIED:#x}\n")));
}

#[test]
fn elements_are_told_as_nft_reads_them() {
    let told = [
        (Element::Silent(at(A), at(B)), "silent { 10.0.1.0 . 10.0.1.1 }", "silent { 10.0.1.0 . 10.0.1.1 }"),
        (
            Element::Carried(at(A), at(B)),
            "carried { 10.0.1.0 . 10.0.1.1 }",
            "carried { 10.0.1.0 . 10.0.1.1 }",
        ),
        (Element::Side(at(A), 0), "side { 10.0.1.0 : 1 }", "side { 10.0.1.0 }"),
        (Element::Apart(at(A), 1), "apart { 10.0.1.0 . 2 }", "apart { 10.0.1.0 . 2 }"),
    ];
    for (element, added, deleted) in told {
        assert_eq!((element.text(true).as_str(), element.text(false).as_str()), (added, deleted));
    }
}
