package dev.mailbell.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * Values for the schemas of the contract: valid ones, and what clients send by mistake or malice.
 * Hosts, URLs, addresses and ports come from the given lists alone, so that a request never makes
 * the daemon leave this machine or ask a name server.
 */
final class FuzzValues {
    private static final JsonMapper JSON = new JsonMapper();

    /** Names of fields that say where the daemon connects to. */
    private static final Pattern PLACE =
            Pattern.compile(
                    "(?i).*(host|url|uri|address|domain|endpoint|issuer|proxy|server|origin|redirect).*");

    private final FuzzContract contract;
    private final RandomGenerator random;
    private final Map<String, List<String>> places;
    private final FuzzIds ids;

    /**
     * @param places the values of fields that lead somewhere, by the field's name; {@code host},
     *     {@code url}, {@code address} and {@code port} are there
     */
    FuzzValues(
            FuzzContract contract,
            RandomGenerator random,
            Map<String, List<String>> places,
            FuzzIds ids) {
        this.contract = contract;
        this.random = random;
        this.places = places;
        this.ids = ids;
    }

    boolean chance(double share) {
        return random.nextDouble() < share;
    }

    <T> T oneOf(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    /** A value that the schema allows. */
    JsonNode valid(JsonNode unresolved, String name) {
        JsonNode schema = contract.resolve(unresolved);
        if (schema.has("oneOf")) {
            return valid(oneOf(list(schema.get("oneOf"))), name);
        }
        if (schema.has("allOf")) {
            ObjectNode all = JSON.createObjectNode();
            schema.get("allOf").forEach(part -> all.setAll((ObjectNode) valid(part, name)));
            return all;
        }
        if (schema.has("enum")) {
            return oneOf(list(schema.get("enum")));
        }
        if (schema.has("const")) {
            return schema.get("const");
        }
        JsonNode type = schema.path("type");
        String one = type.isArray() ? oneOf(list(type)).stringValue() : type.asString("string");
        return switch (one) {
            case "null" -> JSON.nullNode();
            case "boolean" -> JSON.valueToTree(random.nextBoolean());
            case "integer", "number" -> integer(schema, name);
            case "array" -> array(schema, name);
            case "object" -> object(schema);
            default -> JSON.valueToTree(string(schema, name));
        };
    }

    private JsonNode integer(JsonNode schema, String name) {
        if (name.equals("port")) {
            return JSON.valueToTree(Integer.valueOf(oneOf(placesOf("port"))));
        }
        long min = schema.path("minimum").asLong(-1);
        long max = schema.path("maximum").asLong(Integer.MAX_VALUE);
        return JSON.valueToTree(
                switch (random.nextInt(4)) {
                    case 0 -> min;
                    case 1 -> max;
                    default -> random.nextLong(min, Math.max(min + 1, Math.min(max, min + 1000)));
                });
    }

    private ArrayNode array(JsonNode schema, String name) {
        ArrayNode array = JSON.createArrayNode();
        int min = schema.path("minItems").asInt(0);
        int count = min + random.nextInt(3);
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            JsonNode item = valid(schema.path("items"), name);
            if (!seen.contains(item.toString())) {
                array.add(item);
                seen.add(item.toString());
            }
        }
        return array;
    }

    private ObjectNode object(JsonNode schema) {
        ObjectNode object = JSON.createObjectNode();
        List<String> required = new ArrayList<>();
        schema.path("required").forEach(it -> required.add(it.stringValue()));
        double share = random.nextDouble();
        schema.path("properties")
                .properties()
                .forEach(property -> {
                    if (required.contains(property.getKey()) || chance(share)) {
                        object.set(
                                property.getKey(), valid(property.getValue(), property.getKey()));
                    }
                });
        JsonNode more = schema.path("additionalProperties");
        if (more.isObject()) {
            for (int i = random.nextInt(4); i > 0; i--) {
                object.set("label" + random.nextInt(5), valid(more, "label"));
            }
        }
        return object;
    }

    /** The values for a field that leads somewhere. */
    private List<String> placesOf(String name) {
        List<String> exact = places.get(name);
        if (exact != null) {
            return exact;
        }
        String lower = name.toLowerCase(Locale.ROOT);
        return places.getOrDefault(
                lower.contains("url") || lower.contains("uri") || lower.contains("endpoint")
                        ? "url"
                        : lower.contains("address") ? "address" : "host",
                List.of("localhost"));
    }

    static boolean isPlace(String name) {
        return PLACE.matcher(name).matches();
    }

    /** A string that the schema allows, of the kind that the name says. */
    String string(JsonNode unresolved, String name) {
        JsonNode schema = contract.resolve(unresolved);
        if (schema.has("enum")) {
            return oneOf(list(schema.get("enum"))).asString();
        }
        if (isPlace(name)) {
            return oneOf(placesOf(name));
        }
        String format = schema.path("format").asString("");
        return switch (format.isEmpty() ? name : format) {
            case "uuid", "id", "after", "cursor" -> ids.any(random);
            case "date-time", "since", "until" -> "2026-11-2" + random.nextInt(10) + "T00:00:00Z";
            case "interval" -> "PT" + (60 + random.nextInt(3600)) + "S";
            case "username" -> chance(0.8) ? "ann" : text(schema);
            case "password" -> chance(0.8) ? "secret" : text(schema);
            case "uid" -> Integer.toString(1 + random.nextInt(20));
            case "ref" -> "ref-" + random.nextInt(1000);
            case "mailboxes" -> chance(0.7) ? "INBOX" : text(schema);
            case "label" -> chance(0.5) ? "pro" : text(schema);
            case "scope", "caPem" -> chance(0.3) ? oneOf(FuzzTexts.WILD) : "x";
            default -> text(schema);
        };
    }

    private String text(JsonNode schema) {
        int min = Math.max(1, schema.path("minLength").asInt(1));
        int max = schema.path("maxLength").asInt(40);
        int length =
                chance(0.05)
                        ? Math.min(max, 8192)
                        : min + random.nextInt(Math.max(1, Math.min(max, min + 24) - min));
        String alphabet = chance(0.7) ? "abcXYZ019 .-_" : "aé漢\u0301&/%+\"\\<'~\u00a0";
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    /** Makes the logins of a document ones that work, which a schema cannot say. */
    void makeUsable(JsonNode document) {
        for (JsonNode account : document.path("accounts")) {
            makeUsable(account);
        }
        if (document instanceof ObjectNode account
                && account.get("mail") instanceof ObjectNode mail) {
            account.remove("ref");
            mail.put("host", "127.0.0.1").put("protocol", "imap").put("security", "none");
            mail.put("port", Integer.valueOf(placesOf("port").getFirst()));
            mail.put("username", "ann").put("password", "secret");
            mail.remove(List.of("oauth2", "tls"));
        }
    }

    /** The JSON text of a valid document in which up to three things are wrong. */
    String spoiled(JsonNode document) {
        JsonNode spoiled = document.deepCopy();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            spoil(spoiled);
        }
        String text = spoiled.toString();
        for (int i = 0; i < FuzzTexts.RAW.size(); i++) {
            text = text.replace("\"@@" + i + "@@\"", FuzzTexts.RAW.get(i));
        }
        return text;
    }

    private void spoil(JsonNode node) {
        if (node instanceof ObjectNode object) {
            List<String> names = List.copyOf(object.propertyNames());
            if (names.isEmpty() || chance(0.15)) {
                object.set(oneOf(List.of("x", "id", "", "a b", "\u0000", "__proto__")), wild("x"));
                return;
            }
            String name = oneOf(names);
            JsonNode value = object.get(name);
            if (value.isContainer() && value.size() > 0 && chance(0.8)) {
                spoil(value);
            } else if (chance(0.2)) {
                object.remove(name);
            } else {
                object.set(name, wild(name));
            }
        } else if (node instanceof ArrayNode array && !array.isEmpty()) {
            int i = random.nextInt(array.size());
            if (array.get(i).isContainer() && chance(0.8)) {
                spoil(array.get(i));
            } else if (chance(0.3)) {
                array.add(array.get(i));
            } else {
                array.set(i, wild("item"));
            }
        }
    }

    private JsonNode wild(String name) {
        return switch (random.nextInt(12)) {
            case 0 -> JSON.nullNode();
            case 1 -> JSON.valueToTree(random.nextBoolean());
            case 2 -> JSON.createArrayNode();
            case 3 -> JSON.createObjectNode();
            case 4 -> nested(random.nextInt(40));
            case 5 -> JSON.createArrayNode().add(JSON.createObjectNode().put("a", 1)).add(1);
            case 6, 7 ->
                    isPlace(name) || name.equals("port")
                            ? JSON.nullNode()
                            : StringNode.valueOf(
                                    "@@" + random.nextInt(FuzzTexts.RAW.size()) + "@@");
            case 8 -> name.equals("port") ? JSON.valueToTree(-1) : JSON.valueToTree(edge());
            case 9 ->
                    isPlace(name)
                            ? StringNode.valueOf(oneOf(placesOf("bad")))
                            : StringNode.valueOf("x".repeat(random.nextInt(20_000)));
            default ->
                    StringNode.valueOf(
                            isPlace(name) ? oneOf(placesOf("bad")) : oneOf(FuzzTexts.WILD));
        };
    }

    private long edge() {
        return oneOf(
                List.of(
                        0L,
                        -1L,
                        (long) Integer.MAX_VALUE + 1,
                        (long) Integer.MIN_VALUE,
                        Long.MAX_VALUE,
                        Long.MIN_VALUE));
    }

    private JsonNode nested(int depth) {
        JsonNode inner = JSON.createObjectNode();
        for (int i = 0; i < depth; i++) {
            inner = JSON.createArrayNode().add(inner);
        }
        return inner;
    }

    private static List<JsonNode> list(JsonNode array) {
        List<JsonNode> items = new ArrayList<>();
        array.forEach(items::add);
        return items;
    }
}
