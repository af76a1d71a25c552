import { cellLabel, headingOf } from '../labels';

describe('cellLabel', () => {
  it.each([
    ['# Load the data\nx = 1', 'Load the data'],
    ['# # Readings\nx', 'Readings'],
    ['#%% Part', 'Part'],
    ['\n  x = f(1)\ny', 'x = f(1)'],
    ['#', '#'],
    ['', '']
  ])('of %j is %j', (source, label) => {
    expect(cellLabel(source)).toBe(label);
  });
});

describe('headingOf', () => {
  it.each([
    ['## Load *data* with `pandas`', 'Load data with pandas'],
    ['words\n\n# [Title](https://example.org) #', 'Title'],
    ['```\n# code\n```\nwords', null],
    ['#hashtag', null]
  ])('of %j is %j', (source, heading) => {
    expect(headingOf(source)).toBe(heading);
  });
});
