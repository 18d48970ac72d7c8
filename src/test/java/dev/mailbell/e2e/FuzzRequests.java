package dev.mailbell.e2e;

import dev.mailbell.e2e.FuzzContract.Operation;
import dev.mailbell.e2e.FuzzContract.Parameter;
import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;

/** Makes requests of every operation: valid ones, nearly valid ones and wild ones. */
final class FuzzRequests {
    /** What an answer may be. */
    enum Kind {
        /** As the operation documents. */
        DOCUMENTED,
        /** That, or a refusal of the HTTP server. */
        LIMITED,
        /** Another path or method: anything but a failure. */
        ANYWHERE,
        /** Not HTTP: a refusal or a closed connection. */
        BROKEN
    }

    /**
     * @param whole whether the bytes are one whole request
     */
    record Request(Operation operation, Kind kind, String method, byte[] bytes, boolean whole) {
        /** The last part of its path. */
        String lastOfPath() {
            String line =
                    new String(bytes, StandardCharsets.ISO_8859_1).lines().findFirst().orElse("");
            return line.replaceFirst("^[^ ]* ([^? ]*).*$", "$1").replaceFirst(".*/", "");
        }

        @Override
        public String toString() {
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            return kind
                    + " "
                    + operation.id()
                    + ": "
                    + (text.length() > 3_000 ? text.substring(0, 3_000) + "…" : text);
        }
    }

    private final List<Operation> operations;
    private final FuzzValues values;
    private final FuzzIds ids;
    private final RandomGenerator random;
    private final String key;

    FuzzRequests(
            List<Operation> operations,
            FuzzValues values,
            FuzzIds ids,
            RandomGenerator random,
            String key) {
        this.operations = operations;
        this.values = values;
        this.ids = ids;
        this.random = random;
        this.key = key;
    }

    Request next() {
        Operation operation = values.oneOf(operations);
        if (operation.method().equals("DELETE") && values.chance(0.6)) {
            // There is to be something left for the other operations.
            operation = values.oneOf(operations);
        }
        if (values.chance(0.04)) {
            return broken(operation);
        }
        Made made = new Made(operation);
        made.path();
        made.query();
        made.headers();
        made.body();
        return made.request();
    }

    /** A request in the making. */
    private final class Made {
        private final Operation operation;
        private Kind kind = Kind.DOCUMENTED;
        private String method;
        private String target = "";
        private final List<String> headers = new ArrayList<>();
        private byte[] body = {};

        Made(Operation operation) {
            this.operation = operation;
            this.method = operation.method();
            if (values.chance(0.03)) {
                method = values.oneOf(FuzzTexts.METHODS);
                kind = Kind.ANYWHERE;
            }
        }

        void path() {
            StringBuilder path = new StringBuilder(operation.template());
            for (Parameter parameter : operation.parameters()) {
                if (parameter.in().equals("path")) {
                    String place = "{" + parameter.name() + "}";
                    int at = path.indexOf(place);
                    path.replace(
                            at, at + place.length(), segment(parameter, path.substring(0, at)));
                }
            }
            if (values.chance(0.02)) {
                kind = Kind.ANYWHERE;
                path.append(
                        values.oneOf(
                                List.of(
                                        "/",
                                        "//",
                                        "/.",
                                        "/..",
                                        ";x=y",
                                        "/%2e%2e/",
                                        "%",
                                        "%zz",
                                        "%ff",
                                        "/x",
                                        "%00",
                                        "\\",
                                        "|",
                                        "#x",
                                        "/%c0%af",
                                        "%u0041",
                                        "/" + "a/".repeat(200),
                                        "x".repeat(9_000))));
            }
            target = path.toString();
        }

        private String segment(Parameter parameter, String before) {
            String list = before.substring(0, Math.max(0, before.length() - 1));
            if (values.chance(0.06)) {
                kind = Kind.ANYWHERE;
                String wild = values.oneOf(FuzzTexts.WILD);
                return values.chance(0.8) ? encoded(wild) : encoded(encoded(wild));
            }
            if (parameter.name().equals("name")) {
                return values.chance(0.7)
                        ? "INBOX"
                        : encoded(values.string(parameter.schema(), "label"));
            }
            return ids.of(list, random);
        }

        void query() {
            List<String> pairs = new ArrayList<>();
            for (Parameter parameter : operation.parameters()) {
                if (parameter.in().equals("query") && values.chance(0.3)) {
                    String value =
                            values.chance(0.7)
                                    ? given(parameter)
                                    : FuzzValues.isPlace(parameter.name())
                                            ? "localhost"
                                            : values.oneOf(FuzzTexts.WILD);
                    pairs.add(encoded(parameter.name()) + "=" + encoded(value));
                }
            }
            if (values.chance(0.03)) {
                pairs.addAll(
                        values.oneOf(
                                List.of(
                                        List.of("x=1"),
                                        List.of("limit=1", "limit=2"),
                                        List.of("%00=%00"),
                                        List.of("%FF=%FE"),
                                        List.of("&&=&=="),
                                        List.of("label.=x", "label.a=b"),
                                        List.of("label=a:b", "label=:", "label=a:%0d"))));
            }
            if (values.chance(0.01)) {
                kind = kind == Kind.DOCUMENTED ? Kind.LIMITED : kind;
                String odd =
                        values.oneOf(
                                List.of(
                                        "%",
                                        "%zz=1",
                                        "a[]=%",
                                        "x=" + "y".repeat(9_000),
                                        "a&".repeat(500)));
                pairs.add(odd);
            }
            if (!pairs.isEmpty()) {
                target += "?" + String.join("&", pairs);
            }
        }

        private String given(Parameter parameter) {
            JsonNode value = values.valid(parameter.schema(), parameter.name());
            return value.isContainer() ? "plan:pro" : value.asString();
        }

        void headers() {
            headers.add("Host: 127.0.0.1");
            if (operation.template().startsWith("/v1/")) {
                authorization();
            }
            for (Parameter parameter : operation.parameters()) {
                if (parameter.in().equals("header") && values.chance(0.08)) {
                    String value =
                            parameter.name().equals("Idempotency-Key")
                                    ? "key-" + random.nextInt(300)
                                    : values.valid(parameter.schema(), parameter.name()).asString();
                    headers.add(parameter.name() + ": " + value);
                }
            }
            if (values.chance(0.06)) {
                kind = kind == Kind.DOCUMENTED ? Kind.LIMITED : kind;
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    headers.add(values.oneOf(FuzzTexts.ODD_HEADERS));
                }
            }
            if (values.chance(0.003)) {
                kind = kind == Kind.DOCUMENTED ? Kind.LIMITED : kind;
                headers.add("X-Long: " + "x".repeat(random.nextInt(40_000)));
            }
            if (values.chance(0.003)) {
                kind = kind == Kind.DOCUMENTED ? Kind.LIMITED : kind;
                for (int i = random.nextInt(400); i > 0; i--) {
                    headers.add("X-" + i + ": 1");
                }
            }
        }

        private void authorization() {
            if (values.chance(0.96)) {
                headers.add("Authorization: Bearer " + key);
            } else if (values.chance(0.8)) {
                headers.add(
                        "Authorization: "
                                + values.oneOf(
                                        List.of(
                                                "Bearer",
                                                "Bearer ",
                                                "Bearer x",
                                                "bearer " + key + "x",
                                                "Basic eA==",
                                                "Bearer mbk_" + "A".repeat(3_000),
                                                "\u00e9",
                                                "Digest x=\"",
                                                key)));
            }
        }

        void body() {
            Map<String, JsonNode> schemas = operation.body();
            if (schemas.isEmpty()) {
                if (values.chance(0.03)) {
                    text("{}", "application/json");
                } else if (values.chance(0.02)) {
                    text("{\"x\": 1}", "application/json");
                }
                return;
            }
            String type = values.oneOf(List.copyOf(schemas.keySet()));
            JsonNode document = values.valid(Objects.requireNonNull(schemas.get(type)), "body");
            if (values.chance(0.6)) {
                values.makeUsable(document);
            }
            String json = values.chance(0.5) ? document.toString() : values.spoiled(document);
            if (values.chance(0.04)) {
                mangle(json);
                headers.add("Content-Type: " + type);
                return;
            }
            text(json, values.chance(0.97) ? type : values.oneOf(FuzzTexts.ODD_TYPES));
        }

        private void text(String json, String type) {
            body = json.getBytes(StandardCharsets.UTF_8);
            if (!values.chance(0.01)) {
                headers.add("Content-Type: " + type);
            }
        }

        /** Bodies that are no JSON, or no UTF-8, or too long. Places in them stay as they are. */
        private void mangle(String json) {
            Charset other = values.oneOf(List.of(StandardCharsets.UTF_16, StandardCharsets.UTF_32));
            byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
            body =
                    switch (random.nextInt(9)) {
                        case 0 ->
                                json.substring(0, random.nextInt(json.length() + 1))
                                        .getBytes(StandardCharsets.UTF_8);
                        case 1 -> (json + json).getBytes(StandardCharsets.UTF_8);
                        case 2 -> ("\ufeff" + json).getBytes(StandardCharsets.UTF_8);
                        case 3 -> json.getBytes(other);
                        case 4 ->
                                joined(utf8, new byte[] {(byte) 0xc3, (byte) 0x28, 0, (byte) 0xff});
                        case 5 ->
                                "[".repeat(random.nextInt(20_000)).getBytes(StandardCharsets.UTF_8);
                        case 6 ->
                                (json + " ".repeat(random.nextInt(1_200_000)))
                                        .getBytes(StandardCharsets.UTF_8);
                        case 7 ->
                                ("{\"accounts\": ["
                                                + "{},".repeat(random.nextInt(100_000))
                                                + "{}]}")
                                        .getBytes(StandardCharsets.UTF_8);
                        default ->
                                joined("{\"x\":\"".getBytes(StandardCharsets.UTF_8), random(300));
                    };
        }

        Request request() {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            ascii(bytes, method + " " + target + " HTTP/1.1\r\n");
            headers.forEach(header -> ascii(bytes, header + "\r\n"));
            if (body.length > 0 && values.chance(0.1)) {
                ascii(bytes, "Transfer-Encoding: chunked\r\n\r\n");
                int half = body.length / 2;
                for (byte[] part :
                        List.of(
                                Arrays.copyOf(body, half),
                                Arrays.copyOfRange(body, half, body.length))) {
                    if (part.length > 0) {
                        ascii(bytes, Integer.toHexString(part.length) + "\r\n");
                        bytes.writeBytes(part);
                        ascii(bytes, "\r\n");
                    }
                }
                ascii(bytes, "0\r\n\r\n");
            } else {
                if (body.length > 0 || !operation.body().isEmpty()) {
                    ascii(bytes, "Content-Length: " + body.length + "\r\n");
                }
                ascii(bytes, "\r\n");
                bytes.writeBytes(body);
            }
            return new Request(operation, kind, method, bytes.toByteArray(), true);
        }
    }

    /** What is no HTTP, or nearly. */
    private Request broken(Operation operation) {
        String noise = new String(random(500), StandardCharsets.ISO_8859_1);
        String text = values.oneOf(FuzzBroken.requests(operation, key, noise));
        String method = text.startsWith("HEAD") ? "HEAD" : operation.method();
        return new Request(
                operation, Kind.BROKEN, method, text.getBytes(StandardCharsets.ISO_8859_1), false);
    }

    private byte[] random(int max) {
        byte[] bytes = new byte[1 + random.nextInt(max)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] joined(byte[] first, byte[] second) {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(first);
        both.writeBytes(second);
        return both.toByteArray();
    }

    private static void ascii(ByteArrayOutputStream bytes, String text) {
        bytes.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
