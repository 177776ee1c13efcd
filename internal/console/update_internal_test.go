package console

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Every setting that a request may change, one after another, by reflection: one that is added later is not forgotten.
func TestEveryChangedSettingIsNamed(t *testing.T) {
	spec := reflect.TypeFor[adminapi.TenantSpec]()
	for i := range spec.NumField() {
		if field := spec.Field(i); field.Type == reflect.TypeFor[tenant.Preferences]() {
			for j := range field.Type.NumField() {
				isNamed(t, jsonName(field)+"."+jsonName(field.Type.Field(j)), i, j)
			}
		} else {
			isNamed(t, jsonName(field), i)
		}
	}
	if names := changes(tenant.Tenant{}, tenant.Tenant{Version: 7}); len(names) > 0 {
		t.Errorf("a version is no setting: %v", names)
	}
}

func isNamed(t *testing.T, want string, path ...int) {
	t.Helper()
	var spec adminapi.TenantSpec
	switch field := reflect.ValueOf(&spec).Elem().FieldByIndex(path); field.Kind() { //nolint:exhaustive // the others have to be added here
	case reflect.String:
		field.SetString("another")
	case reflect.Int:
		field.SetInt(7)
	case reflect.Float64:
		field.SetFloat(0.7)
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
	case reflect.Slice:
		field.Set(reflect.MakeSlice(field.Type(), 1, 1))
	case reflect.Struct:
		field.Field(0).SetFloat(7)
	case reflect.Bool:
		field.SetBool(true)
	default:
		t.Fatalf("%s is of another kind than this test can change", want)
	}
	if got := changes(tenant.Tenant{}, tenantOf("", spec)); len(got) != 1 || got[0] != want {
		t.Errorf("a change of %s is named %v", want, got)
	}
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}
