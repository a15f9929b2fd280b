// The diagrams on which the pair acts: small, and with something of everything that an action needs.

const ROOT = `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:vendor="http://vendor.example" id="Definitions_1" targetNamespace="http://atelier.example/tests">`

const shape = (element: string, bounds: string, rest = '') => {
  const [x, y, width, height] = bounds.split(' ')
  return `<bpmndi:BPMNShape id="${element}_di" bpmnElement="${element}"${rest}><dc:Bounds x="${x}" y="${y}" width="${width}" height="${height}" /></bpmndi:BPMNShape>`
}

const edge = (element: string, points: string) =>
  `<bpmndi:BPMNEdge id="${element}_di" bpmnElement="${element}">${points
    .split(' ')
    .map((point) => `<di:waypoint x="${point.split(',')[0]}" y="${point.split(',')[1]}" />`)
    .join('')}</bpmndi:BPMNEdge>`

const plane = (element: string, content: string, id = 'Diagram_1') =>
  `<bpmndi:BPMNDiagram id="${id}"><bpmndi:BPMNPlane id="${id}_plane" bpmnElement="${element}">${content}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>`

/** Start, task, gateway, two ways, end; a comment and vendor extensions that no modeler knows. */
const PROCESS = `${ROOT}
  <!-- kept by everybody -->
  <bpmn:process id="Process_1" isExecutable="false">
    <bpmn:startEvent id="Start_1" name="Begin"><bpmn:outgoing>Flow_1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:task id="Task_1" name="Work">
      <bpmn:documentation>What to do</bpmn:documentation>
      <bpmn:extensionElements><vendor:note level="1">hi</vendor:note></bpmn:extensionElements>
      <bpmn:incoming>Flow_1</bpmn:incoming><bpmn:outgoing>Flow_2</bpmn:outgoing>
    </bpmn:task>
    <bpmn:exclusiveGateway id="Gateway_1" name="Good?" default="Flow_3">
      <bpmn:incoming>Flow_2</bpmn:incoming><bpmn:outgoing>Flow_3</bpmn:outgoing><bpmn:outgoing>Flow_4</bpmn:outgoing>
    </bpmn:exclusiveGateway>
    <bpmn:task id="Task_2" name="Use"><bpmn:incoming>Flow_3</bpmn:incoming><bpmn:outgoing>Flow_5</bpmn:outgoing></bpmn:task>
    <bpmn:userTask id="Task_3" name="Repair" vendor:level="2"><bpmn:incoming>Flow_4</bpmn:incoming></bpmn:userTask>
    <bpmn:endEvent id="End_1" name="Done"><bpmn:incoming>Flow_5</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="Flow_1" sourceRef="Start_1" targetRef="Task_1" />
    <bpmn:sequenceFlow id="Flow_2" sourceRef="Task_1" targetRef="Gateway_1" />
    <bpmn:sequenceFlow id="Flow_3" name="yes" sourceRef="Gateway_1" targetRef="Task_2" />
    <bpmn:sequenceFlow id="Flow_4" name="no" sourceRef="Gateway_1" targetRef="Task_3">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">bad</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="Flow_5" sourceRef="Task_2" targetRef="End_1" />
    <bpmn:textAnnotation id="Note_1"><bpmn:text>Look</bpmn:text></bpmn:textAnnotation>
    <bpmn:association id="Association_1" sourceRef="Task_1" targetRef="Note_1" />
  </bpmn:process>
  ${plane(
    'Process_1',
    [
      shape('Start_1', '152 102 36 36'),
      shape('Task_1', '240 80 100 80'),
      shape('Gateway_1', '395 95 50 50', ' isMarkerVisible="true"'),
      shape('Task_2', '500 80 100 80'),
      shape('Task_3', '500 200 100 80'),
      shape('End_1', '662 102 36 36'),
      shape('Note_1', '350 10 100 30'),
      edge('Flow_1', '188,120 240,120'),
      edge('Flow_2', '340,120 395,120'),
      edge('Flow_3', '445,120 500,120'),
      edge('Flow_4', '420,145 420,240 500,240'),
      edge('Flow_5', '600,120 662,120'),
      edge('Association_1', '335,80 370,40'),
    ].join(''),
  )}
</bpmn:definitions>`

/** Two pools, one with lanes, a message flow between them. */
const POOLS = `${ROOT}
  <bpmn:collaboration id="Collaboration_1">
    <bpmn:participant id="Pool_1" name="Customer" processRef="Process_1" />
    <bpmn:participant id="Pool_2" name="Shop" processRef="Process_2" />
    <bpmn:messageFlow id="Message_1" name="order" sourceRef="Task_1" targetRef="Task_2" />
  </bpmn:collaboration>
  <bpmn:process id="Process_1">
    <bpmn:laneSet id="LaneSet_1">
      <bpmn:lane id="Lane_1" name="Family"><bpmn:flowNodeRef>Start_1</bpmn:flowNodeRef></bpmn:lane>
      <bpmn:lane id="Lane_2" name="Me"><bpmn:flowNodeRef>Task_1</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="Start_1" name="Need"><bpmn:outgoing>Flow_1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sendTask id="Task_1" name="Order"><bpmn:incoming>Flow_1</bpmn:incoming></bpmn:sendTask>
    <bpmn:sequenceFlow id="Flow_1" sourceRef="Start_1" targetRef="Task_1" />
  </bpmn:process>
  <bpmn:process id="Process_2"><bpmn:task id="Task_2" name="Sell" /></bpmn:process>
  ${plane(
    'Collaboration_1',
    [
      shape('Pool_1', '120 80 500 240', ' isHorizontal="true"'),
      shape('Lane_1', '150 80 470 120', ' isHorizontal="true"'),
      shape('Lane_2', '150 200 470 120', ' isHorizontal="true"'),
      shape('Start_1', '212 122 36 36'),
      shape('Task_1', '320 220 100 80'),
      edge('Flow_1', '230,158 230,260 320,260'),
      shape('Pool_2', '120 380 500 200', ' isHorizontal="true"'),
      shape('Task_2', '320 440 100 80'),
      edge('Message_1', '370,300 370,440'),
    ].join(''),
  )}
</bpmn:definitions>`

/** A sub-process that shows its content, and one with a plane of its own. */
const NESTED = `${ROOT}
  <bpmn:process id="Process_1">
    <bpmn:subProcess id="Open_1" name="Open">
      <bpmn:startEvent id="Inner_1"><bpmn:outgoing>Flow_1</bpmn:outgoing></bpmn:startEvent>
      <bpmn:task id="Inner_2" name="Inside"><bpmn:incoming>Flow_1</bpmn:incoming></bpmn:task>
      <bpmn:sequenceFlow id="Flow_1" sourceRef="Inner_1" targetRef="Inner_2" />
    </bpmn:subProcess>
    <bpmn:subProcess id="Closed_1" name="Closed"><bpmn:task id="Hidden_1" name="Hidden" /></bpmn:subProcess>
    <bpmn:task id="Task_1" name="Outside" />
    <bpmn:boundaryEvent id="Boundary_1" attachedToRef="Task_1"><bpmn:timerEventDefinition id="Timer_1" /></bpmn:boundaryEvent>
  </bpmn:process>
  ${plane(
    'Process_1',
    [
      shape('Open_1', '160 80 350 200', ' isExpanded="true"'),
      shape('Inner_1', '200 162 36 36'),
      shape('Inner_2', '290 140 100 80'),
      edge('Flow_1', '236,180 290,180'),
      shape('Closed_1', '600 80 100 80', ' isExpanded="false"'),
      shape('Task_1', '600 240 100 80'),
      shape('Boundary_1', '632 302 36 36'),
    ].join(''),
  )}
  ${plane('Closed_1', shape('Hidden_1', '160 80 100 80'), 'Diagram_2')}
</bpmn:definitions>`

/** A long process: so many tasks in rows of ten, each connected to the next. */
export function chain(tasks: number): string {
  const at = (n: number) => ({ x: 150 * (n % 10), y: 120 * Math.floor(n / 10) })
  const numbers = Array.from({ length: tasks }, (_, n) => n)
  const links = numbers.slice(1)
  return `${ROOT}<bpmn:process id="Process_1">
  ${numbers.map((n) => `<bpmn:task id="Task_${n}" name="Task ${n}" />`).join('\n  ')}
  ${links.map((n) => `<bpmn:sequenceFlow id="Flow_${n}" name="to ${n}" sourceRef="Task_${n - 1}" targetRef="Task_${n}" />`).join('\n  ')}
  </bpmn:process>
  ${plane(
    'Process_1',
    [
      ...numbers.map((n) => shape(`Task_${n}`, `${at(n).x} ${at(n).y} 100 80`)),
      ...links.map((n) => edge(`Flow_${n}`, `${at(n - 1).x + 100},${at(n - 1).y + 40} ${at(n).x},${at(n).y + 40}`)),
    ].join(''),
  )}
</bpmn:definitions>`
}

export const DIAGRAMS = { process: PROCESS, pools: POOLS, nested: NESTED }
