use std::cell::RefCell;

use netlink_packet_sock_diag::inet::SocketId;

use super::*;

const A: NodeIndex = NodeIndex(0);
const B: NodeIndex = NodeIndex(1);
const SECOND: Duration = Duration::from_secs(1);

fn local(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn end(local_port: u16, remote_port: u16, inode: u64, state: State) -> Connection {
    let id = SocketId::new_v4();
    Connection { id, local: local(local_port), remote: local(remote_port), inode, state }
}

/// Returns both ends of an open connection.
fn open(local_port: u16, remote_port: u16, inodes: [u64; 2]) -> Vec<Connection> {
    let [near, far] = inodes;
    vec![end(local_port, remote_port, near, State::Open), end(remote_port, local_port, far, State::Open)]
}

/// Judges connections of two nodes at ports 1 and 2; a fault has concerned both for ten seconds. Inodes of
/// `a` are in the tens, of `b` in the twenties, of another program in the thirties; other inodes have no
/// owner. Port 1000 is a proxy's, and inodes below ten are the harness's. `b` was contacted three seconds
/// ago.
#[track_caller]
fn check(connections: &[Connection], expected: &[Bypass]) {
    let (now, listed) = Span::of(Instant::now);
    let contacted = now - 3 * SECOND;
    let asked = RefCell::new(0);
    let facts = BypassFacts {
        attached: BTreeSet::new(),
        since: BTreeMap::from([A, B].map(|node| (node, now - 10 * SECOND))),
        addresses: BTreeMap::from([(A, local(1)), (B, local(2))]),
        was_contacted: &|node, span| node == B && span.earliest <= contacted && contacted <= span.latest,
        owners: &|inodes| {
            *asked.borrow_mut() += 1;
            let owner = |inode: u64| match inode / 10 {
                1 => Some(Owner::Node(A)),
                2 => Some(Owner::Node(B)),
                3 => Some(Owner::Other),
                _ => None,
            };
            inodes.iter().filter_map(|inode| Some((*inode, owner(*inode)?))).collect()
        },
    };
    let ours = (1..10).collect();
    let mut scanned = scan(connections, &facts, |_, port| port == 1000, &ours, &listed);
    let unread_yet = judge(&scanned.candidates, &facts, &mut scanned.found);
    count_unread(&unread_yet, &facts, &mut scanned.found);
    assert_eq!(scanned.found.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn an_open_connection_is_known_by_the_owners_of_its_ends() {
    check(&open(5_000, 2, [11, 21]), &[Bypass { from: Some(A), to: B }]);
    // The listening end may not have accepted the connection yet.
    check(&open(5_000, 2, [11, 0]), &[Bypass { from: Some(A), to: B }]);
    // The ports are the programs' own, and the harness knows nothing of them.
    check(&open(5_000, 7_000, [11, 21]), &[Bypass { from: Some(A), to: B }]);
    // The owner of the dialling end cannot be read.
    check(&open(5_000, 2, [99, 21]), &[Bypass { from: None, to: B }]);
}

#[test]
fn proxies_the_harness_adapters_and_others_are_not_blamed() {
    // The ends belong to the harness or its proxy, an adapter or a person, a node that dials itself, or
    // others.
    for inodes in [[5, 21], [21, 5], [31, 21], [22, 21], [32, 33], [31, 0], [98, 99]] {
        let to = if inodes[0] > 90 || inodes[0] == 32 { 7_000 } else { 2 };
        check(&open(5_000, to, inodes), &[]);
    }
    // The connection begins, or one end is gone.
    check(&[end(5_000, 2, 11, State::Passing), end(2, 5_000, 21, State::Passing)], &[]);
    // The connection is to another host.
    let mut far = end(5_000, 2, 11, State::Open);
    far.remote = ([192, 0, 2, 1], 2).into();
    check(&[far], &[]);
}

#[test]
fn a_connection_that_has_ended_counts_since_the_fault_began_unless_somebody_else_may_have_made_it() {
    let ended = |local, remote, age| [end(local, remote, 0, State::Ended(age))];
    let to_b = [Bypass { from: None, to: B }];
    check(&ended(5_000, 2, SECOND), &to_b);
    check(&ended(2, 5_000, SECOND), &to_b);
    check(&ended(5_000, 2, 11 * SECOND), &[]);
    check(&ended(1_000, 2, SECOND), &[]);
    check(&ended(5_000, 2, 3 * SECOND), &[]);
    check(&ended(5_000, 1, 3 * SECOND), &[Bypass { from: None, to: A }]);
    check(&ended(5_000, 7_000, SECOND), &[]);
}
