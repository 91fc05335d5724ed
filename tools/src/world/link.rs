//! A model of one direction of a link, as plain data. The carrier of traffic asks it for the arrival time of
//! what is sent now.
//!
//! A link behaves as a WebSocket over TCP does: what is sent arrives whole and in order, or the connection
//! breaks. So jitter reorders nothing, and a lost segment shows as the delay until it is sent again. Silence
//! (a cut, a partition) is not part of the model: it is a gate at the far end, kept by the carrier.

use std::time::Duration;

use super::Direction;
use crate::random::Seed;
use crate::scenario::Shape;

/// The most bytes that a segment carries: that of TCP over Ethernet.
const SEGMENT: usize = 1_448;
/// The least time after which a segment is sent again: that of Linux. RFC 6298 says one second, and that less
/// may be right.
const RETRANSMIT_MIN: Duration = Duration::from_millis(200);
/// The most losses of one segment in a row. They delay it by 63 times the first wait, or 12.6 s: longer than the
/// 10 s after which nodes give up a silent link.
const LOSSES_MAX: u32 = 6;

/// The longest exponential delay, in means: one in a thousand million draws is longer, and is drawn as that.
pub const EXPONENTIAL_MAX: u32 = 20;

/// The bytes that may be under way in one direction of a connection before its writer waits. The buffers of two
/// sockets hold about as many.
pub(super) const WINDOW: usize = 128 << 10;

/// The conditions of one direction of a link: its effect on traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// The delay of everything that is sent.
    pub delay: Duration,
    /// The most that is added to the delay; the addition is drawn.
    pub jitter: Duration,
    /// The mean of a further addition, whose distribution is exponential.
    pub exponential: Duration,
    /// The share of segments that are lost and sent again: 0 to 1. A lost packet is not sent again.
    pub loss: f64,
    /// The rate in bits a second; unlimited if absent.
    pub rate_bits: Option<u64>,
    /// The share of packets that arrive twice: 0 to 1. Segments of a connection never arrive twice.
    pub duplicate: f64,
}

impl Conditions {
    /// The conditions of a link that passes on everything at once.
    pub const IDEAL: Self = Self {
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        exponential: Duration::ZERO,
        loss: 0.0,
        rate_bits: None,
        duplicate: 0.0,
    };

    /// Applies shapes to the usual conditions. Properties that the shapes do not name stay as usual; a delay that
    /// is named without a jitter has none.
    #[must_use]
    pub fn shaped(usual: Self, shapes: &[Shape]) -> Self {
        let mut conditions = usual;
        if shapes.iter().any(|shape| matches!(shape, Shape::Delay(_))) {
            conditions.jitter = Duration::ZERO;
        }
        for shape in shapes {
            match *shape {
                Shape::Delay(delay) => conditions.delay = delay,
                Shape::Jitter(jitter) => conditions.jitter = jitter,
                Shape::Exponential(mean) => conditions.exponential = mean,
                Shape::Loss(share) => conditions.loss = share,
                Shape::Rate(bits) => conditions.rate_bits = Some(bits),
                Shape::Duplicate(share) => conditions.duplicate = share,
            }
        }
        conditions
    }
}

/// The model of one direction of a link: its conditions, and the traces of earlier traffic that still matter.
#[derive(Debug, Clone)]
pub struct DirectionModel {
    conditions: Conditions,
    /// The time until which earlier traffic keeps the line busy.
    busy: Duration,
    /// The arrival time of what was sent last: nothing overtakes it.
    last: Duration,
}

impl DirectionModel {
    /// Creates a direction on which nothing has been sent.
    #[must_use]
    pub fn new(conditions: Conditions) -> Self {
        Self { conditions, busy: Duration::ZERO, last: Duration::ZERO }
    }

    /// Changes the conditions. Traffic under way arrives at the time already set. Traffic from
    /// now on waits for the line that earlier traffic keeps busy only while the rate stays the same.
    pub fn shape(&mut self, conditions: Conditions) {
        if conditions.rate_bits != self.conditions.rate_bits {
            self.busy = Duration::ZERO;
        }
        self.conditions = conditions;
    }

    /// Returns the arrival time of so many bytes that are sent now. `draw` returns a number from 0 to the
    /// given one, each equally likely.
    pub fn send(&mut self, now: Duration, bytes: usize, mut draw: impl FnMut(u64) -> u64) -> Duration {
        let leaves = self.leaves_at(now, bytes);
        let mut arrives = leaves + self.conditions.draw_latency(&mut draw);
        if self.conditions.loss > 0.0 {
            arrives += retransmission(&self.conditions, bytes, &mut draw);
        }
        self.last = self.last.max(arrives);
        self.last
    }

    /// Returns the arrival times of a packet of so many bytes that is sent now, and of its copy. Each is
    /// timed by itself, so that one may overtake another. A lost packet has no arrival time.
    pub fn send_packet(
        &mut self,
        now: Duration,
        bytes: usize,
        mut draw: impl FnMut(u64) -> u64,
    ) -> [Option<Duration>; 2] {
        let leaves = self.leaves_at(now, bytes);
        let conditions = &self.conditions;
        let lost = conditions.loss > 0.0 && happens(conditions.loss, &mut draw);
        let twice = conditions.duplicate > 0.0 && happens(conditions.duplicate, &mut draw);
        [!lost, !lost && twice].map(|arrives| arrives.then(|| leaves + conditions.draw_latency(&mut draw)))
    }

    /// Returns the bytes that wait for the line now, or are being put on it.
    #[must_use]
    pub fn waiting(&self, now: Duration) -> usize {
        let (Some(bits), busy) = (self.conditions.rate_bits, self.busy.saturating_sub(now)) else { return 0 };
        let bytes = busy.as_nanos().saturating_mul(u128::from(bits)) / (8 * 1_000_000_000);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// Returns the time at which so many bytes that are sent now have been put on the line.
    fn leaves_at(&mut self, now: Duration, bytes: usize) -> Duration {
        let Some(bits) = self.conditions.rate_bits else { return now };
        self.busy = now.max(self.busy) + transmission(bytes, bits);
        self.busy
    }
}

impl Conditions {
    /// Draws the time from the end of transmission to the arrival.
    fn draw_latency(&self, draw: &mut impl FnMut(u64) -> u64) -> Duration {
        let mut latency = self.delay;
        if !self.jitter.is_zero() {
            latency += Duration::from_nanos(draw(nanos(self.jitter)));
        }
        if !self.exponential.is_zero() {
            latency += exponential(self.exponential, draw);
        }
        latency
    }
}

/// Draws a time with an exponential distribution of this mean, at most `EXPONENTIAL_MAX` times the mean. The
/// method is that of von Neumann ("Various techniques used in connection with random digits", 1951). It compares
/// uniform draws and takes no logarithm, so that every machine draws the same.
fn exponential(mean: Duration, draw: &mut impl FnMut(u64) -> u64) -> Duration {
    /// The number of values of a uniform draw.
    const VALUES: u64 = 1 << 32;
    for whole in 0..EXPONENTIAL_MAX {
        let first = draw(VALUES - 1);
        let (mut last, mut falling) = (first, 1_u64);
        loop {
            let next = draw(VALUES - 1);
            if next >= last {
                break;
            }
            last = next;
            falling += 1;
        }
        if !falling.is_multiple_of(2) {
            let part = u128::from(nanos(mean)) * u128::from(first) / u128::from(VALUES);
            return mean * whole + Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX));
        }
    }
    mean * EXPONENTIAL_MAX
}

impl Direction {
    /// Returns the direction's own stream of draws: one link more leaves the streams of the others as they
    /// were.
    pub(in crate::world) fn draws(self, seed: u64) -> fastrand::Rng {
        Seed(seed).numbered_stream(&[self.from.0 as u64, self.to.0 as u64])
    }
}

/// Draws an event that happens in this share of all cases; returns true if it happens.
fn happens(share: f64, draw: &mut impl FnMut(u64) -> u64) -> bool {
    /// The precision to which draws are compared with the share: a billionth.
    const WHOLE: u64 = 1_000_000_000;
    (draw(WHOLE - 1) as f64) < share * WHOLE as f64
}

/// Returns the time to put so many bytes on a line of so many bits a second. A line of zero bits a second
/// counts as one of a single bit.
fn transmission(bytes: usize, bits: u64) -> Duration {
    let wanted = u128::try_from(bytes).unwrap_or(u128::MAX).saturating_mul(8 * 1_000_000_000);
    Duration::from_nanos(u64::try_from(wanted / u128::from(bits.max(1))).unwrap_or(u64::MAX))
}

/// Returns the delay until all segments have arrived where some were lost. Segments are sent again side by
/// side, so the unluckiest counts.
fn retransmission(conditions: &Conditions, bytes: usize, draw: &mut impl FnMut(u64) -> u64) -> Duration {
    let mut unluckiest = 0;
    for _ in 0..bytes.div_ceil(SEGMENT).max(1) {
        let mut losses = 0;
        while losses < LOSSES_MAX && happens(conditions.loss, draw) {
            losses += 1;
        }
        unluckiest = unluckiest.max(losses);
    }
    let first = RETRANSMIT_MIN.max(2 * (conditions.delay + conditions.jitter + conditions.exponential));
    // The first wait is that time; after each further loss the wait doubles.
    first * ((1 << unluckiest) - 1)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Conditions = Conditions {
        delay: Duration::from_millis(1),
        jitter: Duration::from_micros(500),
        ..Conditions::IDEAL
    };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_shapes_do_not_name_stays_as_usual() {
        let shaped = |shapes: &[Shape]| Conditions::shaped(USUAL, shapes);
        assert_eq!(shaped(&[]), USUAL);
        assert_eq!(shaped(&[Shape::Loss(0.5)]), Conditions { loss: 0.5, ..USUAL });
        assert_eq!(
            shaped(&[Shape::Delay(ms(50))]),
            Conditions { delay: ms(50), jitter: Duration::ZERO, ..USUAL }
        );
        assert_eq!(
            shaped(&[Shape::Jitter(ms(5)), Shape::Delay(ms(50))]),
            Conditions { delay: ms(50), jitter: ms(5), ..USUAL }
        );
    }

    #[test]
    fn jitter_reorders_nothing() {
        let mut model = DirectionModel::new(USUAL);
        let mut draws = [500_000, 0, 250_000].into_iter();
        let arrivals: Vec<Duration> =
            (0..3).map(|n| model.send(Duration::from_micros(n), 10, |_| draws.next().unwrap())).collect();
        let us = Duration::from_micros;
        assert_eq!(arrivals, [us(1_500), us(1_500), us(1_500)]);
    }

    #[test]
    fn a_rate_holds_back_what_comes_faster() {
        let conditions =
            Conditions { delay: ms(10), jitter: Duration::ZERO, rate_bits: Some(8_000), ..USUAL };
        let mut model = DirectionModel::new(conditions);
        // 8,000 bits a second are a byte a millisecond.
        assert_eq!(model.send(ms(0), 100, |_| 0), ms(110));
        assert_eq!(model.send(ms(0), 100, |_| 0), ms(210));
        // Once the line is free again, nothing waits.
        assert_eq!(model.send(ms(500), 100, |_| 0), ms(610));
        // The same rate again leaves the line as busy as it is.
        model.send(ms(500), 100, |_| 0);
        model.shape(conditions);
        assert_eq!(model.send(ms(500), 1, |_| 0), ms(711));
        // A cleared rate frees the line at once; what went before is still not overtaken.
        model.send(ms(500), 1_000, |_| 0);
        model.shape(Conditions { rate_bits: None, ..conditions });
        assert_eq!(model.send(ms(501), 1, |_| 0), ms(1_711));
    }

    #[test]
    fn a_lost_segment_comes_later_and_twice_lost_later_still() {
        let conditions = Conditions { delay: ms(1), loss: 0.01, ..Conditions::IDEAL };
        let send = |bytes: usize, draws: &[u64]| {
            let mut draws = draws.iter().copied();
            let arrives =
                DirectionModel::new(conditions).send(ms(0), bytes, |_| draws.next().expect("a draw"));
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
    fn an_exponential_delay_has_its_mean_and_its_tail_and_a_bound() {
        let conditions = Conditions { exponential: ms(100), ..Conditions::IDEAL };
        let mut draws = fastrand::Rng::with_seed(1);
        let mut model = DirectionModel::new(conditions);
        let mut times: Vec<Duration> =
            (0..20_000).filter_map(|_| model.send_packet(ms(0), 10, |most| draws.u64(0..=most))[0]).collect();
        times.sort_unstable();
        let mean = times.iter().sum::<Duration>() / 20_000;
        assert!((ms(97)..ms(103)).contains(&mean), "{mean:?}");
        // The median is ln 2 means, and one in e^3 draws is longer than three means.
        assert!((ms(66)..ms(73)).contains(&times[10_000]), "{:?}", times[10_000]);
        let longer = times.iter().filter(|time| **time > ms(300)).count();
        assert!((900..1_100).contains(&longer), "{longer}");
        // Draws that never fall end with the bound.
        let mut even = [2, 1, 1].into_iter().cycle();
        assert_eq!(exponential(ms(100), &mut |_| even.next().unwrap()), ms(100) * EXPONENTIAL_MAX);
    }

    #[test]
    fn a_packet_may_be_lost_be_doubled_and_overtake_another() {
        let conditions = Conditions { jitter: ms(5), loss: 0.1, duplicate: 0.1, ..Conditions::IDEAL };
        let (yes, no) = (0, 500_000_000);
        let mut model = DirectionModel::new(conditions);
        let mut send = |draws: &[u64]| {
            let mut draws = draws.iter().copied();
            let arrives = model.send_packet(ms(0), 10, |_| draws.next().expect("a draw"));
            assert_eq!(draws.next(), None);
            arrives
        };
        assert_eq!(send(&[no, no, 3_000_000]), [Some(ms(3)), None]);
        assert_eq!(send(&[no, yes, 2_000_000, 1_000_000]), [Some(ms(2)), Some(ms(1))]);
        assert_eq!(send(&[yes, yes]), [None, None]);
    }
}
