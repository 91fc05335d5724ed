use std::io::{Error, ErrorKind};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio::time::{Instant, timeout};

use super::*;
use crate::scenario::Shape;

const A: NodeIndex = NodeIndex(0);
const B: NodeIndex = NodeIndex(1);
const THERE: Direction = Direction { from: A, to: B };
const BACK: Direction = Direction { from: B, to: A };
/// The longest time that a test waits: longer than any step takes on the slowest machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A node that is a bare socket, and a carrier before it.
struct Way {
    carrier: Proxied,
    listener: TcpListener,
    proxy: String,
}

impl Way {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut carrier = Proxied::new(1);
        let address = listener.local_addr().unwrap().to_string();
        let proxy = carrier.route(A, B, &address).unwrap();
        assert_ne!(proxy, address);
        assert_eq!(carrier.route(A, B, &address).unwrap(), proxy);
        assert_eq!(carrier.route(B, B, &address).unwrap(), address);
        Self { carrier, listener, proxy }
    }

    async fn dial(&self) -> TcpStream {
        TcpStream::connect(&self.proxy).await.unwrap()
    }

    async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    /// Returns the two ends of a new connection.
    async fn connect(&self) -> [TcpStream; 2] {
        [self.dial().await, self.accept().await]
    }

    #[track_caller]
    fn change(&mut self, change: LinkChange) {
        self.carrier.change(&[change]).unwrap();
    }
}

/// Runs a story as tasks of a world are run. A story that does not end fails.
#[track_caller]
fn story(story: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = LocalSet::new().block_on(&runtime, async { timeout(PATIENCE, story).await });
    ended.expect("it comes to an end");
}

async fn says(socket: &mut TcpStream, text: &str) {
    socket.write_all(text.as_bytes()).await.unwrap();
}

async fn hears(socket: &mut TcpStream, text: &str) {
    let mut heard = vec![0; text.len()];
    socket.read_exact(&mut heard).await.unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), text);
}

/// Returns true if there is nothing to be read, nor an end, at this moment.
fn is_silent(socket: &TcpStream) -> bool {
    matches!(socket.try_read(&mut [0; 1]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn bytes_are_carried_both_ways_until_each_end_has_ended() {
    story(async {
        let [mut a, mut b] = Way::new().await.connect().await;
        says(&mut a, "nom").await;
        hears(&mut b, "nom").await;
        says(&mut b, "Reimert").await;
        hears(&mut a, "Reimert").await;
        // An end that sends nothing more still receives.
        a.shutdown().await.unwrap();
        assert_eq!(b.read(&mut [0; 1]).await.unwrap(), 0);
        says(&mut b, "adieu").await;
        drop(b);
        hears(&mut a, "adieu").await;
        assert_eq!(a.read(&mut [0; 1]).await.unwrap(), 0);
    });
}

#[test]
fn a_cut_holds_one_direction_and_joined_it_carries_all_in_order() {
    story(async {
        let mut way = Way::new().await;
        let [mut a, mut b] = way.connect().await;
        way.change(LinkChange::Cut(THERE));
        // The text is far longer than what may be under way, so its writer waits.
        let much = "0123456789".repeat(1 << 20);
        let (mut from_a, mut to_b) = a.split();
        let writing = async { to_b.write_all(much.as_bytes()).await.unwrap() };
        let meanwhile = async {
            says(&mut b, "sound").await;
            let mut heard = [0; 5];
            from_a.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"sound");
            assert!(is_silent(&b));
            way.change(LinkChange::Join(THERE));
            hears(&mut b, &much).await;
        };
        tokio::join!(writing, meanwhile);
    });
}

#[test]
fn a_partition_and_a_cut_are_apart() {
    story(async {
        let mut way = Way::new().await;
        let [mut a, mut b] = way.connect().await;
        way.carrier.set_partition(&[vec![A], vec![B]]).unwrap();
        way.change(LinkChange::Cut(THERE));
        says(&mut a, "held").await;
        way.carrier.set_partition(&[]).unwrap();
        says(&mut b, "sound").await;
        hears(&mut a, "sound").await;
        assert!(is_silent(&b));
        way.carrier.set_partition(&[vec![A], vec![B]]).unwrap();
        way.change(LinkChange::Join(THERE));
        assert!(way.carrier.channels.is_silent(THERE) && way.carrier.channels.is_silent(BACK));
        // A node in no set is apart from no other.
        way.carrier.set_partition(&[vec![A], vec![NodeIndex(2)]]).unwrap();
        hears(&mut b, "held").await;
    });
}

#[test]
fn a_break_resets_both_ends_and_what_was_under_way_is_lost() {
    story(async {
        let mut way = Way::new().await;
        for direction in [THERE, BACK] {
            let [mut a, mut b] = way.connect().await;
            way.change(LinkChange::Cut(THERE));
            says(&mut a, "lost").await;
            says(&mut b, "sound").await;
            hears(&mut a, "sound").await;
            way.change(LinkChange::Break(direction));
            for end in [&mut a, &mut b] {
                let error: Error = end.read(&mut [0; 1]).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            }
            way.change(LinkChange::Join(THERE));
            let [mut a, mut b] = way.connect().await;
            says(&mut a, "again").await;
            hears(&mut b, "again").await;
        }
    });
}

#[test]
fn who_is_given_up_in_silence_hears_nothing_of_it() {
    story(async {
        let mut way = Way::new().await;
        way.change(LinkChange::Cut(THERE));
        let mut first = way.dial().await;
        says(&mut first, "is anybody there?").await;
        // The answer to a half-closed socket is the end of the whole connection.
        first.shutdown().await.unwrap();
        assert!(!matches!(first.read(&mut [0; 1]).await, Ok(1..)));
        way.change(LinkChange::Join(THERE));
        let [mut second, mut b] = way.connect().await;
        says(&mut second, "hello").await;
        hears(&mut b, "hello").await;
    });
}

#[test]
fn what_was_said_early_is_said_when_the_silence_ends() {
    story(async {
        let mut way = Way::new().await;
        way.change(LinkChange::Cut(THERE));
        let mut a = way.dial().await;
        says(&mut a, "early").await;
        way.change(LinkChange::Join(THERE));
        hears(&mut way.accept().await, "early").await;
    });
}

#[test]
fn the_last_words_of_who_has_ended_arrive_and_then_the_end() {
    story(async {
        let mut way = Way::new().await;
        let [mut a, mut b] = way.connect().await;
        way.change(LinkChange::Cut(BACK));
        says(&mut b, "last words").await;
        drop(b);
        way.change(LinkChange::Join(BACK));
        hears(&mut a, "last words").await;
        assert_eq!(a.read(&mut [0; 1]).await.unwrap(), 0);
        // With the node gone, the dialling end is refused.
        drop(way.listener);
        let mut a = TcpStream::connect(&way.proxy).await.unwrap();
        assert!(!matches!(a.read(&mut [0; 1]).await, Ok(1..)));
    });
}

#[test]
fn shapes_take_their_time_each_way_for_itself() {
    story(async {
        let mut way = Way::new().await;
        let [mut a, mut b] = way.connect().await;
        let delay = Duration::from_millis(200);
        let began = Instant::now();
        way.change(LinkChange::Shape(THERE, vec![Shape::Delay(delay)]));
        says(&mut a, "late").await;
        hears(&mut b, "late").await;
        assert!(began.elapsed() >= delay, "it took {:?}", began.elapsed());
        // The line carries 4,000 bytes at 20,000 a second.
        let began = Instant::now();
        way.change(LinkChange::Shape(THERE, vec![Shape::Rate(160_000)]));
        says(&mut a, &"x".repeat(4_000)).await;
        hears(&mut b, &"x".repeat(4_000)).await;
        assert!(began.elapsed() >= delay, "it took {:?}", began.elapsed());
        let lossy = [LinkChange::Shape(THERE, vec![Shape::Loss(0.5)])];
        assert!(way.carrier.change(&lossy).unwrap_err().to_string().contains("lose and double nothing"));
    });
}
