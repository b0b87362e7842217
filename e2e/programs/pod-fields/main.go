// The fields of a pod spec: how each is called in JSON, and which number and type it has in protobuf.
//
// `pod-fields table` writes them as the Rust source that the encoder in `controllers/wire` reads; `pod-fields json` and
// `pod-fields protobuf` write a pod spec in which every field is set, as Kubernetes itself encodes it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var (
	quantity    = reflect.TypeFor[resource.Quantity]()
	intOrString = reflect.TypeFor[intstr.IntOrString]()
	moment      = reflect.TypeFor[metav1.Time]()
	// The template of a volume claim has them among its metadata, and nobody writes them. A spec that does stays JSON.
	leftOut = reflect.TypeFor[[]metav1.ManagedFieldsEntry]()
)

// The longest line of the table.
const width = 110

type field struct {
	name   string // empty where the fields of the message stand among those of the one that has it
	number int
	kind   string
}

func main() {
	if len(os.Args) != 2 {
		fail("which of table, json and protobuf?")
	}
	switch os.Args[1] {
	case "table":
		table(reflect.TypeFor[v1.PodSpec]())
	case "json":
		text, err := json.Marshal(full())
		check(err)
		fmt.Println(string(text))
	case "protobuf":
		spec := full()
		bytes, err := spec.Marshal()
		check(err)
		_, err = os.Stdout.Write(bytes)
		check(err)
	default:
		fail("there is no " + os.Args[1])
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func table(root reflect.Type) {
	fmt.Println("//! The fields of a pod spec, by `cargo xtask pod-fields` from k8s.io/api: not to be edited.")
	fmt.Println()
	fmt.Println("use super::fields::Type::{Flag, Int32, Int64, IntOrString, List, Map, Nested, Quantity, Text, Time};\nuse super::fields::{Field, Message};")
	messages := []reflect.Type{root}
	for next := 0; next < len(messages); next++ {
		message := messages[next]
		var fields []field
		for _, member := range reflect.VisibleFields(message) {
			if len(member.Index) > 1 {
				continue // of an embedded message, which has a line of its own
			}
			if member.Type == leftOut {
				continue
			}
			if nested := nestedIn(member.Type); nested != nil && !slices.Contains(messages, nested) {
				messages = append(messages, nested)
			}
			fields = append(fields, fieldOf(message, member))
		}
		slices.SortFunc(fields, func(a, b field) int { return a.number - b.number })
		visibility := ""
		if message == root {
			visibility = "pub(super) "
		}
		fmt.Printf("\n%sstatic %s: Message = Message(&[", visibility, constant(message))
		column := width
		for _, field := range fields {
			text := fmt.Sprintf("Field::new(%q, %d, %s),", field.name, field.number, field.kind)
			if field.name == "" {
				text = fmt.Sprintf("Field::embedded(%d, &%s),", field.number, field.kind)
			}
			if column += 1 + len(text); column > width {
				fmt.Print("\n   ")
				column = 4 + len(text)
			}
			fmt.Print(" " + text)
		}
		fmt.Println("\n]);")
	}
}

func fieldOf(message reflect.Type, member reflect.StructField) field {
	where := message.Name() + "." + member.Name
	parts := strings.Split(member.Tag.Get("protobuf"), ",")
	if len(parts) < 2 {
		fail(where + " has no number")
	}
	number, err := strconv.Atoi(parts[1])
	check(err)
	name, options, _ := strings.Cut(member.Tag.Get("json"), ",")
	if name == "" && options == "inline" {
		return field{number: number, kind: constant(member.Type)}
	}
	if name == "" {
		fail(where + " has no name")
	}
	return field{name: name, number: number, kind: kindOf(where, member.Type)}
}

func kindOf(where string, is reflect.Type) string {
	switch is {
	case quantity:
		return "Quantity"
	case intOrString:
		return "IntOrString"
	case moment:
		return "Time"
	}
	switch is.Kind() {
	case reflect.Pointer:
		return kindOf(where, is.Elem())
	case reflect.String:
		return "Text"
	case reflect.Bool:
		return "Flag"
	case reflect.Int32:
		return "Int32"
	case reflect.Int64:
		return "Int64"
	case reflect.Struct:
		return "Nested(&" + constant(is) + ")"
	case reflect.Slice:
		return "List(&" + kindOf(where, is.Elem()) + ")"
	case reflect.Map:
		if is.Key().Kind() == reflect.String {
			return "Map(&" + kindOf(where, is.Elem()) + ")"
		}
	}
	fail(where + " is of a type that the encoder does not know: " + is.String())
	return ""
}

func nestedIn(is reflect.Type) reflect.Type {
	switch is.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return nestedIn(is.Elem())
	case reflect.Struct:
		if is != quantity && is != intOrString && is != moment {
			return is
		}
	}
	return nil
}

// PodDNSConfig becomes POD_DNS_CONFIG.
func constant(is reflect.Type) string {
	letters := []rune(is.Name())
	var name strings.Builder
	for index, letter := range letters {
		begins := unicode.IsUpper(letter) && index > 0 &&
			(!unicode.IsUpper(letters[index-1]) || index+1 < len(letters) && unicode.IsLower(letters[index+1]))
		if begins {
			name.WriteRune('_')
		}
		name.WriteRune(unicode.ToUpper(letter))
	}
	return name.String()
}

func full() v1.PodSpec {
	var spec v1.PodSpec
	count := 0
	fill(reflect.ValueOf(&spec).Elem(), &count)
	return spec
}

// fill sets everything, no two fields to the same unless there are only two values.
func fill(value reflect.Value, count *int) {
	if value.Type() == leftOut {
		return
	}
	*count++
	switch value.Type() {
	case quantity:
		value.Set(reflect.ValueOf(resource.MustParse(strconv.Itoa(*count) + "Mi")))
		return
	case intOrString:
		if *count%2 == 0 {
			value.Set(reflect.ValueOf(intstr.FromInt32(int32(*count))))
		} else {
			value.Set(reflect.ValueOf(intstr.FromString(fmt.Sprintf("port-%d", *count))))
		}
		return
	case moment:
		value.Set(reflect.ValueOf(metav1.Unix(int64(*count), 0)))
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), count)
	case reflect.String:
		value.SetString(fmt.Sprintf("text %d", *count))
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int32, reflect.Int64:
		value.SetInt(int64(*count))
	case reflect.Struct:
		for index := range value.NumField() {
			fill(value.Field(index), count)
		}
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 2, 2))
		fill(value.Index(0), count)
		fill(value.Index(1), count)
	case reflect.Map:
		value.Set(reflect.MakeMap(value.Type()))
		key, entry := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
		fill(key, count)
		fill(entry, count)
		value.SetMapIndex(key, entry)
	default:
		fail("a field of a type that cannot be filled: " + value.Type().String())
	}
}
