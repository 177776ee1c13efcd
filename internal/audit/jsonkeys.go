package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// uniqueKeys refuses an object in which a key stands twice: a reader would see the first value, and the decoder, which
// also takes keys in another case for the same, the last one.
func uniqueKeys(line []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	return walkValue(decoder, 0)
}

// walkValue reads one value. The keys of the record itself are lower-case; below it they are anything.
func walkValue(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return unexpected(err)
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if open != '{' || depth > 1 { // the record, and its details
		return fmt.Errorf("%q has no place in it", open.String())
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return unexpected(err)
		}
		key, _ := token.(string)
		if seen[key] || depth == 0 && key != strings.ToLower(key) {
			return fmt.Errorf("its field %q stands twice, or is misspelt", key)
		}
		seen[key] = true
		if err := walkValue(decoder, depth+1); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return unexpected(err)
}

func unexpected(err error) error {
	if err == io.EOF { //nolint:errorlint // Token returns it bare.
		return io.ErrUnexpectedEOF
	}
	return err
}
