package htmltext

import "strings"

// Limits of a cell that is put on one line with its neighbours.
const (
	maxCellLines = 6
	maxCellBytes = 600
)

// table collects the cells of one table, which is laid out row by row in the writer around it.
type table struct {
	around *writer
	cell   *writer // nil between cells
	row    []*writer
	rows   int
}

// beginCell gives the writer of a new cell.
func (t *table) beginCell() *writer {
	t.endCell()
	t.cell = &writer{room: t.around.room}
	return t.cell
}

func (t *table) endCell() {
	if t.cell != nil {
		t.row, t.cell = append(t.row, t.cell), nil
	}
}

// endRow lays a row out. Mail programs and web pages use tables for layout, too: what stands alone in
// its row, or is too large for a line, keeps its own lines.
func (t *table) endRow() {
	t.endCell()
	cells := make([]string, 0, len(t.row))
	filled, solid := 0, false
	for _, c := range t.row {
		text := strings.Trim(c.String(), "\n")
		if strings.TrimSpace(text) != "" {
			filled++
		}
		solid = solid || c.solid || strings.Count(text, "\n") >= maxCellLines || len(text) > maxCellBytes && strings.Contains(text, "\n")
		cells = append(cells, text)
	}
	t.row = nil
	if filled == 0 {
		return
	}
	t.rows++
	t.around.separate(newLine)
	if filled > 1 && !solid {
		t.around.paste(oneLine(cells))
		return
	}
	for _, text := range cells {
		if strings.TrimSpace(text) == "" {
			continue
		}
		t.around.separate(newLine)
		t.around.paste(text)
		t.around.solid = t.around.solid || solid
	}
}

// end lays out what is left.
func (t *table) end() {
	t.endRow()
	if t.rows > 1 {
		t.around.solid = true
	}
}

func oneLine(cells []string) string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return strings.Join(strings.Fields(strings.Join(cells, " | ")), " ")
}
