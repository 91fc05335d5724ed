//! What is done to links: by the packet filter of the hub, and by proxies where it cannot.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::rc::Rc;

use super::address;
use super::filter::Filter;
use super::hub::Hub;
use super::socket;
use crate::scenario::Shape;
use crate::world::live::{Carrier, Proxied};
use crate::world::{Direction, LinkChange, NodeIndex};

/// The kernel carries between nodes. With proxies, links that are dialled through them can be shaped.
pub(super) struct Wires {
    hub: Rc<Hub>,
    filter: Filter,
    proxies: Option<Proxied>,
}

impl Wires {
    /// With no link yet, in the hub of this thread.
    pub(super) fn new(hub: Rc<Hub>, proxies: Option<Proxied>) -> Result<Self, String> {
        Ok(Self { hub, filter: Filter::new()?, proxies })
    }

    /// What is under way in a proxy is past the filter.
    fn tell_proxies(&mut self, change: &LinkChange) -> Result<(), String> {
        self.proxies.as_mut().map_or(Ok(()), |proxies| proxies.change(std::slice::from_ref(change)))
    }

    /// Resets what one end has of a link.
    fn reset(&self, Direction { from, to }: Direction) -> Result<(), String> {
        let branch = self.hub.branch(from);
        let Some(space) = branch.space() else { return Ok(()) };
        let ends: BTreeSet<Ipv4Addr> = self.filter.ends(Direction { from, to }).into_iter().collect();
        let done = space.within(|| socket::reset(&ends)).and_then(|done| done);
        done.map_err(|error| format!("a link cannot be broken: {error}"))
    }
}

impl Carrier for Wires {
    fn route(&mut self, from: NodeIndex, to: NodeIndex, address: &str) -> Result<String, String> {
        let there = Direction { from, to };
        match &mut self.proxies {
            Some(proxies) if from != to => {
                let host = match self.filter.proxy(there) {
                    Some(host) => host,
                    None => self.filter.stand(there, address::of_proxy)?,
                };
                proxies.stand(there, address, host)
            }
            _ => Ok(address.to_owned()),
        }
    }

    fn change(&mut self, changes: &[LinkChange]) -> Result<(), String> {
        for change in changes {
            match change {
                LinkChange::Cut(direction) => {
                    self.filter.cut(*direction, true);
                    self.tell_proxies(change)?;
                }
                LinkChange::Join(direction) => {
                    self.filter.cut(*direction, false);
                    self.tell_proxies(change)?;
                }
                LinkChange::Break(direction) => {
                    self.tell_proxies(change)?;
                    self.reset(*direction)?;
                }
                LinkChange::Shape(direction, shapes) => {
                    let lost = shapes.iter().rev().find_map(|shape| match shape {
                        Shape::Loss(share) => Some(*share),
                        _ => None,
                    });
                    self.filter.lose(*direction, lost.unwrap_or(0.0));
                    let rest: Vec<Shape> =
                        shapes.iter().filter(|shape| !matches!(shape, Shape::Loss(_))).copied().collect();
                    match &mut self.proxies {
                        Some(proxies) => proxies.change(&[LinkChange::Shape(*direction, rest)])?,
                        None if rest.is_empty() => {}
                        None => return Err("no proxy stands in the links of this network".to_owned()),
                    }
                }
            }
        }
        self.filter.apply()
    }

    fn part(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), String> {
        self.filter.part(sets);
        if let Some(proxies) = &mut self.proxies {
            proxies.part(sets)?;
        }
        self.filter.apply()
    }
}
