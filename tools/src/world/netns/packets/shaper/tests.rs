use super::*;
use crate::scenario::Shape;
use crate::world::NodeIndex;

const THERE: Direction = Direction { from: NodeIndex(0), to: NodeIndex(1) };
const BACK: Direction = Direction { from: NodeIndex(1), to: NodeIndex(0) };

/// A packet of so many bytes in a direction; its last byte is a number.
fn packet(Direction { from, to }: Direction, bytes: usize, number: u8) -> Vec<u8> {
    let mut packet = vec![0; bytes.max(21)];
    packet[12..16].copy_from_slice(&address::of_node(from).unwrap().octets());
    packet[16..20].copy_from_slice(&address::of_node(to).unwrap().octets());
    *packet.last_mut().unwrap() = number;
    packet
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn with_shape(shapes: &[Shape]) -> Shaper {
    let mut made = Shaper::new(7);
    made.shape(THERE, Conditions::shaped(Conditions::IDEAL, shapes));
    made
}

/// Sends packets from 0 to `count` at one time.
fn send(shaper: &mut Shaper, now: Duration, count: u8) {
    (0..count).for_each(|number| shaper.enqueue(now, &packet(THERE, 100, number)));
}

/// Returns the numbers of the packets that have arrived by now.
fn arrived(shaper: &mut Shaper, now: Duration) -> Vec<u8> {
    std::iter::from_fn(|| shaper.arrive(now)).map(|packet| *packet.last().unwrap()).collect()
}

#[test]
fn packets_arrive_in_order_when_their_delay_is_over() {
    let mut shaper = with_shape(&[Shape::Delay(ms(100))]);
    send(&mut shaper, ms(1), 3);
    assert_eq!(shaper.next_due(), Some(ms(101)));
    assert_eq!(arrived(&mut shaper, ms(100)), [0; 0]);
    assert_eq!(arrived(&mut shaper, ms(101)), [0, 1, 2]);
    assert_eq!((shaper.next_due(), shaper.bytes), (None, 0));
}

#[test]
fn the_nth_packet_meets_the_same_chance_whatever_was_drawn_before() {
    let lost = |earlier: &[Shape]| {
        let mut shaper = with_shape(earlier);
        send(&mut shaper, ms(0), 50);
        arrived(&mut shaper, ms(100_000));
        shaper.shape(THERE, Conditions::shaped(Conditions::IDEAL, &[Shape::Loss(0.5)]));
        send(&mut shaper, ms(100_000), 50);
        arrived(&mut shaper, ms(200_000))
    };
    let usual = lost(&[]);
    assert!((10..40).contains(&usual.len()), "{usual:?}");
    for earlier in [
        vec![Shape::Jitter(ms(9)), Shape::Duplicate(0.5)],
        vec![Shape::Exponential(ms(3))],
        vec![Shape::Loss(1.0)],
        vec![Shape::Rate(8_000_000)],
    ] {
        assert_eq!(lost(&earlier), usual, "{earlier:?}");
    }
}

#[test]
fn each_direction_has_draws_of_its_own() {
    let through = |direction, seed| {
        let mut shaper = Shaper::new(seed);
        shaper.shape(direction, Conditions { loss: 0.5, ..Conditions::IDEAL });
        (0..50).for_each(|number| shaper.enqueue(ms(0), &packet(direction, 100, number)));
        arrived(&mut shaper, ms(0))
    };
    assert_eq!(through(THERE, 7), through(THERE, 7));
    assert_ne!(through(THERE, 7), through(BACK, 7));
    assert_ne!(through(THERE, 7), through(THERE, 8));
}

#[test]
fn packets_that_come_to_the_end_of_a_silent_direction_are_lost() {
    for silence in ["cut", "partition"] {
        let mut shaper = with_shape(&[Shape::Delay(ms(100))]);
        send(&mut shaper, ms(0), 2);
        let silent = |shaper: &mut Shaper, silent: bool| match silence {
            "cut" => shaper.cut(THERE, silent),
            _ if silent => {
                shaper.set_partition(Partition::new(&[vec![THERE.from], vec![THERE.to]]));
            }
            _ => shaper.set_partition(Partition::default()),
        };
        silent(&mut shaper, true);
        shaper.enqueue(ms(0), &packet(BACK, 100, 9));
        let heard = if silence == "cut" { vec![9] } else { vec![] };
        assert_eq!(arrived(&mut shaper, ms(100)), heard, "{silence}");
        // A packet that is still on the way when the silence ends comes.
        send(&mut shaper, ms(100), 1);
        silent(&mut shaper, false);
        assert_eq!(arrived(&mut shaper, ms(200)), [0]);
    }
}

#[test]
fn a_change_leaves_packets_on_the_way_as_they_are() {
    let mut shaper = with_shape(&[Shape::Delay(ms(100))]);
    send(&mut shaper, ms(0), 1);
    shaper.shape(THERE, Conditions::IDEAL);
    shaper.enqueue(ms(1), &packet(THERE, 100, 7));
    assert_eq!(arrived(&mut shaper, ms(1)), [7]);
    assert_eq!(arrived(&mut shaper, ms(100)), [0]);
}

#[test]
fn a_line_has_a_bounded_queue_which_drains_at_its_rate() {
    let mut shaper = with_shape(&[Shape::Rate(8_000_000)]);
    for _ in 0..200 {
        shaper.enqueue(ms(0), &packet(THERE, 1_486, 0));
    }
    // Each takes 1,500 bytes of the line, 1.5 ms. The first that finds more than the bound before it is dropped.
    let room = QUEUE_BYTES / 1_500 + 1;
    assert_eq!(shaper.under_way.len(), room);
    shaper.enqueue(ms(30), &packet(THERE, 1_486, 0));
    assert_eq!(shaper.under_way.len(), room + 1);
}

#[test]
fn packets_under_way_are_bounded_by_their_memory() {
    let mut shaper = with_shape(&[Shape::Delay(ms(1_000)), Shape::Duplicate(1.0)]);
    let large = packet(THERE, 60_000, 0);
    for _ in 0..10_000 {
        shaper.enqueue(ms(0), &large);
    }
    assert!(shaper.bytes <= UNDER_WAY_BYTES && shaper.bytes > UNDER_WAY_BYTES - 2 * large.len());
    arrived(&mut shaper, ms(1_000));
    assert_eq!(shaper.bytes, 0);
}

#[test]
fn packets_of_nobody_are_dropped_and_those_of_others_pass() {
    let mut shaper = with_shape(&[Shape::Delay(ms(100))]);
    shaper.enqueue(ms(0), &[0x45; 19]);
    let mut foreign = packet(THERE, 100, 1);
    foreign[12..16].copy_from_slice(&[192, 0, 2, 1]);
    shaper.enqueue(ms(0), &foreign);
    shaper.enqueue(ms(0), &packet(BACK, 100, 2));
    assert_eq!(arrived(&mut shaper, ms(100)), [2]);
}
