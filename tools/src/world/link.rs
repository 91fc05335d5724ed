//! A model of one direction of a link, as plain data: who carries traffic asks it when what is sent
//! now arrives.
//!
//! A link is what a WebSocket over TCP gives: what is sent arrives whole and in order, or the
//! connection breaks. So jitter reorders nothing, and a lost segment shows as the delay until it
//! is sent again. Silence (a cut, a partition) is not in here: it is a gate at the far end, kept by
//! whoever carries.

use std::time::Duration;

use crate::scenario::Shape;

/// What a segment carries at most, in bytes: that of TCP over Ethernet.
const SEGMENT: usize = 1_448;
/// The least time after which a segment is sent again: Linux's (RFC 6298 says a second, and that
/// less may be right).
const RETRANSMIT_MIN: Duration = Duration::from_millis(200);
/// How often that time is doubled at most; a link that loses more than that is as good as cut.
const DOUBLINGS_MAX: u32 = 6;

/// What one direction of a link does to traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manner {
    /// Holds it back.
    pub delay: Duration,
    /// Holds it back by up to this more, drawn.
    pub jitter: Duration,
    /// The share of segments that is lost and sent again: 0 to 1.
    pub loss: f64,
    /// Lets through this many bits a second; as many as come if absent.
    pub rate_bits: Option<u64>,
    /// The share of packets that arrives twice: 0 to 1. Of a connection nothing does.
    pub duplicate: f64,
}

impl Manner {
    /// Passes on all that comes, at once.
    pub const PLAIN: Self =
        Self { delay: Duration::ZERO, jitter: Duration::ZERO, loss: 0.0, rate_bits: None, duplicate: 0.0 };

    /// What shapes make of the usual manner. What they do not name stays as usual; a delay that is
    /// named without a jitter has none.
    #[must_use]
    pub fn shaped(usual: Self, shapes: &[Shape]) -> Self {
        let mut manner = usual;
        if shapes.iter().any(|shape| matches!(shape, Shape::Delay(_))) {
            manner.jitter = Duration::ZERO;
        }
        for shape in shapes {
            match *shape {
                Shape::Delay(delay) => manner.delay = delay,
                Shape::Jitter(jitter) => manner.jitter = jitter,
                Shape::Loss(share) => manner.loss = share,
                Shape::Rate(bits) => manner.rate_bits = Some(bits),
                Shape::Duplicate(share) => manner.duplicate = share,
            }
        }
        manner
    }
}

/// One direction of a link: its manner, and what of the traffic before still matters.
#[derive(Debug, Clone)]
pub struct Lane {
    manner: Manner,
    /// Until when what was sent before keeps the line busy.
    busy: Duration,
    /// When what was sent last arrives: nothing overtakes it.
    last: Duration,
}

impl Lane {
    /// A lane that nothing has been sent on.
    #[must_use]
    pub fn new(manner: Manner) -> Self {
        Self { manner, busy: Duration::ZERO, last: Duration::ZERO }
    }

    /// Changes its manner. What is under way already arrives as it would have; what comes now waits
    /// for that only while the rate stays as it is.
    pub fn shape(&mut self, manner: Manner) {
        if manner.rate_bits != self.manner.rate_bits {
            self.busy = Duration::ZERO;
        }
        self.manner = manner;
    }

    /// When so many bytes that are sent now arrive. `draw` gives a number from 0 to the given one,
    /// each equally likely.
    pub fn send(&mut self, now: Duration, bytes: usize, mut draw: impl FnMut(u64) -> u64) -> Duration {
        let leaves = self.leaves(now, bytes);
        let mut arrives = leaves + self.manner.under_way(&mut draw);
        if self.manner.loss > 0.0 {
            arrives += retransmission(&self.manner, bytes, &mut draw);
        }
        self.last = self.last.max(arrives);
        self.last
    }

    /// When a packet of so many bytes that is sent now arrives, and its copy: each for itself, so that
    /// one may overtake another. What is lost does not arrive.
    pub fn packet(
        &mut self,
        now: Duration,
        bytes: usize,
        mut draw: impl FnMut(u64) -> u64,
    ) -> [Option<Duration>; 2] {
        let leaves = self.leaves(now, bytes);
        let manner = &self.manner;
        let lost = manner.loss > 0.0 && happens(manner.loss, &mut draw);
        let twice = manner.duplicate > 0.0 && happens(manner.duplicate, &mut draw);
        [!lost, !lost && twice].map(|arrives| arrives.then(|| leaves + manner.under_way(&mut draw)))
    }

    /// When so many bytes that are sent now have been put on the line.
    fn leaves(&mut self, now: Duration, bytes: usize) -> Duration {
        let Some(bits) = self.manner.rate_bits else { return now };
        self.busy = now.max(self.busy) + transmission(bytes, bits);
        self.busy
    }
}

impl Manner {
    /// How long what was put on the line is under way.
    fn under_way(&self, draw: &mut impl FnMut(u64) -> u64) -> Duration {
        if self.jitter.is_zero() {
            return self.delay;
        }
        self.delay + Duration::from_nanos(draw(nanos(self.jitter)))
    }
}

/// Whether what happens in this share of all cases happens now.
fn happens(share: f64, draw: &mut impl FnMut(u64) -> u64) -> bool {
    /// Draws are compared with the share to this precision.
    const WHOLE: u64 = 1_000_000_000;
    (draw(WHOLE - 1) as f64) < share * WHOLE as f64
}

/// How long it takes to put so many bytes on a line of so many bits a second. A line of none is as
/// slow as can be told.
fn transmission(bytes: usize, bits: u64) -> Duration {
    let wanted = u128::try_from(bytes).unwrap_or(u128::MAX).saturating_mul(8 * 1_000_000_000);
    Duration::from_nanos(u64::try_from(wanted / u128::from(bits.max(1))).unwrap_or(u64::MAX))
}

/// How much later all segments have arrived because some were lost: they are sent again side by
/// side, so the unluckiest counts.
fn retransmission(manner: &Manner, bytes: usize, draw: &mut impl FnMut(u64) -> u64) -> Duration {
    let mut unluckiest = 0;
    for _ in 0..bytes.div_ceil(SEGMENT).max(1) {
        let mut losses = 0;
        while losses < DOUBLINGS_MAX && happens(manner.loss, draw) {
            losses += 1;
        }
        unluckiest = unluckiest.max(losses);
    }
    let first = RETRANSMIT_MIN.max(2 * (manner.delay + manner.jitter));
    // Once, then after twice, four times, … as long.
    first * ((1 << unluckiest) - 1)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Manner =
        Manner { delay: Duration::from_millis(1), jitter: Duration::from_micros(500), ..Manner::PLAIN };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_shapes_do_not_name_stays_as_usual() {
        let shaped = |shapes: &[Shape]| Manner::shaped(USUAL, shapes);
        assert_eq!(shaped(&[]), USUAL);
        assert_eq!(shaped(&[Shape::Loss(0.5)]), Manner { loss: 0.5, ..USUAL });
        assert_eq!(
            shaped(&[Shape::Delay(ms(50))]),
            Manner { delay: ms(50), jitter: Duration::ZERO, ..USUAL }
        );
        assert_eq!(
            shaped(&[Shape::Jitter(ms(5)), Shape::Delay(ms(50))]),
            Manner { delay: ms(50), jitter: ms(5), ..USUAL }
        );
    }

    #[test]
    fn jitter_reorders_nothing() {
        let mut lane = Lane::new(USUAL);
        let mut draws = [500_000, 0, 250_000].into_iter();
        let arrivals: Vec<Duration> =
            (0..3).map(|n| lane.send(Duration::from_micros(n), 10, |_| draws.next().unwrap())).collect();
        let us = Duration::from_micros;
        assert_eq!(arrivals, [us(1_500), us(1_500), us(1_500)]);
    }

    #[test]
    fn a_rate_holds_back_what_comes_faster() {
        let manner = Manner { delay: ms(10), jitter: Duration::ZERO, rate_bits: Some(8_000), ..USUAL };
        let mut lane = Lane::new(manner);
        // 8,000 bits a second are a byte a millisecond.
        assert_eq!(lane.send(ms(0), 100, |_| 0), ms(110));
        assert_eq!(lane.send(ms(0), 100, |_| 0), ms(210));
        // Once the line is free again, nothing waits.
        assert_eq!(lane.send(ms(500), 100, |_| 0), ms(610));
        // The same rate again leaves the line as busy as it is.
        lane.send(ms(500), 100, |_| 0);
        lane.shape(manner);
        assert_eq!(lane.send(ms(500), 1, |_| 0), ms(711));
        // A cleared rate frees the line at once; what went before is still not overtaken.
        lane.send(ms(500), 1_000, |_| 0);
        lane.shape(Manner { rate_bits: None, ..manner });
        assert_eq!(lane.send(ms(501), 1, |_| 0), ms(1_711));
    }

    #[test]
    fn a_lost_segment_comes_later_and_twice_lost_later_still() {
        let manner = Manner { delay: ms(1), loss: 0.01, ..Manner::PLAIN };
        let send = |bytes: usize, draws: &[u64]| {
            let mut draws = draws.iter().copied();
            let arrives = Lane::new(manner).send(ms(0), bytes, |_| draws.next().expect("a draw"));
            assert_eq!(draws.next(), None);
            arrives
        };
        let (lost, kept) = (0, 10_000_000);
        assert_eq!(send(10, &[kept]), ms(1));
        assert_eq!(send(10, &[lost, kept]), ms(201));
        assert_eq!(send(10, &[lost, lost, kept]), ms(601));
        assert_eq!(send(3_000, &[kept, lost, kept, kept]), ms(201));
        assert_eq!(send(10, &[lost; 6]), ms(1 + 200 * 63));
    }

    #[test]
    fn a_packet_may_be_lost_be_doubled_and_overtake_another() {
        let manner = Manner { jitter: ms(5), loss: 0.1, duplicate: 0.1, ..Manner::PLAIN };
        let (yes, no) = (0, 500_000_000);
        let mut lane = Lane::new(manner);
        let mut send = |draws: &[u64]| {
            let mut draws = draws.iter().copied();
            let arrives = lane.packet(ms(0), 10, |_| draws.next().expect("a draw"));
            assert_eq!(draws.next(), None);
            arrives
        };
        assert_eq!(send(&[no, no, 3_000_000]), [Some(ms(3)), None]);
        assert_eq!(send(&[no, yes, 2_000_000, 1_000_000]), [Some(ms(2)), Some(ms(1))]);
        assert_eq!(send(&[yes, yes]), [None, None]);
    }
}
