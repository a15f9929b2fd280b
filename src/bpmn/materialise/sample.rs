//! A small diagram that holds one of everything, for the tests of this module.

/// Pools, lanes, nested sub-processes, events, data, artifacts, diagrams, vendor content.
pub(super) const SAMPLE: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<!-- prolog -->
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:tns="http://example.com" id="Definitions_1" targetNamespace="http://example.com">
  <bpmn:message id="Message_1" name="Order" />
  <bpmn:collaboration id="Collaboration_1">
    <bpmn:participant id="Participant_1" name="A" processRef="Process_1" />
    <bpmn:participant id="Participant_2" name="B" />
    <bpmn:messageFlow id="MessageFlow_1" sourceRef="Task_1" targetRef="Participant_2" />
    <bpmn:textAnnotation id="TextAnnotation_1"><bpmn:text>Note &amp; "quotes"</bpmn:text></bpmn:textAnnotation>
    <bpmn:association id="Association_1" sourceRef="Task_1" targetRef="TextAnnotation_1" />
    <bpmn:association id="Association_2" sourceRef="Association_1" targetRef="Flow_1" />
  </bpmn:collaboration>
  <bpmn:process id="Process_1" isExecutable="true">
    <bpmn:laneSet id="LaneSet_1">
      <bpmn:lane id="Lane_1" name="Upper">
        <bpmn:flowNodeRef>Start_1</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>Task_1</bpmn:flowNodeRef>
        <bpmn:childLaneSet id="LaneSet_2">
          <bpmn:lane id="Lane_2">
            <bpmn:flowNodeRef>Task_1</bpmn:flowNodeRef>
          </bpmn:lane>
        </bpmn:childLaneSet>
      </bpmn:lane>
      <bpmn:lane id="Lane_3" />
    </bpmn:laneSet>
    <bpmn:startEvent id="Start_1">
      <bpmn:outgoing>Flow_1</bpmn:outgoing>
      <bpmn:messageEventDefinition id="MessageEventDefinition_1" messageRef="tns:Message_1" />
    </bpmn:startEvent>
    <bpmn:userTask id="Task_1" name="Do&#10;it" implementation="x" default="Flow_2">
      <bpmn:documentation>Two
lines</bpmn:documentation>
      <bpmn:extensionElements>
        <zeebe:taskDefinition type="t" />
        <zeebe:header key="k" value="v" />
      </bpmn:extensionElements>
      <bpmn:incoming>Flow_1</bpmn:incoming>
      <bpmn:outgoing>Flow_2</bpmn:outgoing>
      <bpmn:outgoing>Flow_3</bpmn:outgoing>
      <bpmn:dataInputAssociation id="DataInputAssociation_1">
        <bpmn:sourceRef>DataObjectReference_1</bpmn:sourceRef>
      </bpmn:dataInputAssociation>
    </bpmn:userTask>
    <bpmn:boundaryEvent id="Boundary_1" attachedToRef="Task_1">
      <bpmn:timerEventDefinition>
        <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">PT1H</bpmn:timeDuration>
      </bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="Flow_1" sourceRef="Start_1" targetRef="Task_1" />
    <bpmn:sequenceFlow id="Flow_2" sourceRef="Task_1" targetRef="Sub_1" />
    <bpmn:sequenceFlow id="Flow_3" sourceRef="Task_1" targetRef="Sub_2">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression"><![CDATA[a < b]]></bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:subProcess id="Sub_1">
      <bpmn:incoming>Flow_2</bpmn:incoming>
      <bpmn:task id="Task_2">
        <bpmn:standardLoopCharacteristics />
      </bpmn:task>
    </bpmn:subProcess>
    <bpmn:subProcess id="Sub_2">
      <bpmn:incoming>Flow_3</bpmn:incoming>
      <bpmn:scriptTask id="Task_3"><bpmn:script><![CDATA[x]]></bpmn:script></bpmn:scriptTask>
      <bpmn:endEvent id="End_1">
        <!-- no regular place for the list -->
        <bpmn:incoming>Flow_4</bpmn:incoming>
      </bpmn:endEvent>
      <bpmn:sequenceFlow id="Flow_4" sourceRef="Task_3" targetRef="End_1" />
    </bpmn:subProcess>
    <bpmn:dataObjectReference id="DataObjectReference_1" dataObjectRef="DataObject_1" />
    <bpmn:dataObject id="DataObject_1" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="Diagram_1">
    <bpmndi:BPMNPlane id="Plane_1" bpmnElement="Collaboration_1">
      <bpmndi:BPMNShape id="Start_1_di" bpmnElement="Start_1">
        <dc:Bounds x="10" y="10" width="36" height="36" />
        <bpmndi:BPMNLabel>
          <dc:Bounds x="10" y="50" width="30" height="14" />
        </bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="Task_1_di" bpmnElement="Task_1">
        <dc:Bounds x="100" y="10.0" width="100" height="80" />
        <bpmndi:BPMNLabel />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="Participant_2_di" bpmnElement="Participant_2" isHorizontal="true">
        <dc:Bounds x="0" y="200" width="600" height="60" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="TextAnnotation_1_di" bpmnElement="TextAnnotation_1">
        <dc:Bounds x="300" y="10" width="100" height="30" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="Flow_1_di" bpmnElement="Flow_1" sourceElement="Start_1_di">
        <di:waypoint x="46" y="28" />
        <di:waypoint x="100" y="28" />
      </bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="MessageFlow_1_di" bpmnElement="MessageFlow_1">
        <di:waypoint x="150" y="90" />
        <di:waypoint x="150" y="200" />
      </bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="Association_1_di" bpmnElement="Association_1">
        <di:waypoint x="200" y="20" />
        <di:waypoint x="300" y="20" />
      </bpmndi:BPMNEdge>
      <bpmndi:BPMNEdge id="Association_2_di" bpmnElement="Association_2">
        <di:waypoint x="250" y="20" />
        <di:waypoint x="70" y="28" />
      </bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
  <bpmndi:BPMNDiagram id="Diagram_2">
    <bpmndi:BPMNPlane id="Plane_2" bpmnElement="Sub_1">
      <bpmndi:BPMNShape id="Task_2_di" bpmnElement="Task_2">
        <dc:Bounds x="1" y="2" width="100" height="80" />
      </bpmndi:BPMNShape>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
<?epilog data?>
"##;
