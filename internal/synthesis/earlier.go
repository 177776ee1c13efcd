package synthesis

import "slices"

// Veiled is a note that was kept, with what is told of its sources as notes tell it now: without what veil hides for good, without advice
// that is unsafe. One that an earlier release wrote may have both, and what has changed since names its sources.
func (n Note) Veiled(veil Veil) Note {
	v := veiled{veil}
	n.Sections = slices.Clone(n.Sections)
	for i := range n.Sections {
		s := &n.Sections[i]
		s.Items = slices.Clone(s.Items)
		for j := range s.Items {
			refs := slices.Clone(s.Items[j].Sources)
			for k := range refs {
				refs[k].Text = safe(plain(v.tell(refs[k].Text)), true)
			}
			s.Items[j].Sources = refs
		}
	}
	return n
}
