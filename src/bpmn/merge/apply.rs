//! stub
use super::op::*;
use crate::bpmn::model::*;
/// stub
pub fn apply(_ops: &[Op]) -> Applied {
    Applied::default()
}
