package api

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"domicile/store/record"
)

// schemas are the types of bodies and answers as JSON schemas, made from the
// Go types by reflection.
type schemas struct {
	named map[string]object
	types map[string]reflect.Type
}

func newSchemas() *schemas {
	return &schemas{named: map[string]object{}, types: map[string]reflect.Type{}}
}

// of is the schema of a value's type. In requests fields are required by their
// tag; in answers all are that are not left out when empty.
func (s *schemas) of(v any, request bool) object {
	return s.ofType(reflect.TypeOf(v), request)
}

func (s *schemas) ofType(t reflect.Type, request bool) object {
	switch {
	case t.Kind() == reflect.Pointer:
		return nullable(s.ofType(t.Elem(), request))
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[record.ID]():
		return object{"type": "string", "pattern": "^[0-9a-f]{24}$"}
	case t == reflect.TypeFor[json.RawMessage](), t.Kind() == reflect.Interface:
		return object{"type": []string{"object", "array", "string", "number", "boolean", "null"}}
	case t.Kind() != reflect.Pointer && t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		items := object{"type": "array", "items": s.ofType(t.Elem(), request)}
		if request {
			return nullable(items)
		}
		return items
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.ofType(t.Elem(), request)}
	case reflect.Struct:
		return s.structure(t, request)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "string"}
}

// nullable also allows null.
func nullable(schema object) object {
	if kind, ok := schema["type"].(string); ok {
		with := object{}
		for k, v := range schema {
			with[k] = v
		}
		with["type"] = []string{kind, "null"}
		return with
	}
	if _, already := schema["type"]; already { // of any type, null too
		return schema
	}
	return object{"anyOf": []object{schema, {"type": "null"}}}
}

// structure names the schema of a struct type, and returns a reference to it.
func (s *schemas) structure(t reflect.Type, request bool) object {
	name := t.Name()
	if name == "" {
		return s.fields(t, request)
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	if request && !strings.HasSuffix(name, "Input") {
		name += "Request"
	}
	if other, taken := s.types[name]; taken && other != t {
		name = strings.ReplaceAll(t.PkgPath(), "/", "_") + "_" + name
	}
	if _, done := s.named[name]; !done {
		s.types[name], s.named[name] = t, object{} // before its fields: a type may hold itself
		s.named[name] = s.fields(t, request)
	}
	return reference(name)
}

func (s *schemas) fields(t reflect.Type, request bool) object {
	properties, required := object{}, []string{}
	s.collect(t, request, properties, &required)
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func (s *schemas) collect(t reflect.Type, request bool, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer && f.Anonymous {
			inner = inner.Elem()
		}
		if f.Anonymous && tag == "" && inner.Kind() == reflect.Struct {
			var none []string
			into := required
			if f.Type.Kind() == reflect.Pointer {
				into = &none // absent where the pointer is nil
			}
			s.collect(inner, request, properties, into)
			continue
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		schema := s.ofType(f.Type, request)
		if values := f.Tag.Get("enum"); values != "" {
			schema["enum"] = enumeration(values, schema)
		}
		if doc := f.Tag.Get("doc"); doc != "" {
			if ref, ok := schema["$ref"]; ok {
				schema = object{"allOf": []object{{"$ref": ref}}}
			}
			schema["description"] = doc
		}
		properties[tag] = schema
		omitted := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		if request && f.Tag.Get("required") == "true" || !request && !omitted {
			*required = append(*required, tag)
		}
	}
}

func enumeration(values string, schema object) []any {
	var list []any
	for v := range strings.SplitSeq(values, ",") {
		list = append(list, v)
	}
	if _, several := schema["type"].([]string); several {
		list = append(list, nil)
	}
	return list
}
