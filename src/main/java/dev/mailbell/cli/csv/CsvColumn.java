package dev.mailbell.cli.csv;

import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.DurationText;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.TypeConversionException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A column of the file.
 *
 * @param title as the header has it
 * @param path where its values go in the document of an account
 */
record CsvColumn(String title, Kind kind, List<String> path) {
    private static final String LABEL = "label.";

    /** How a cell becomes JSON. */
    enum Kind {
        TEXT,
        INTEGER,
        BOOLEAN,
        DURATION,
        LIST
    }

    private static final List<CsvColumn> ALL =
            List.of(
                    of("ref", Kind.TEXT, "ref"),
                    of("address", Kind.TEXT, "address"),
                    of("protocol", Kind.TEXT, "mail", "protocol"),
                    of("host", Kind.TEXT, "mail", "host"),
                    of("port", Kind.INTEGER, "mail", "port"),
                    of("security", Kind.TEXT, "mail", "security"),
                    of("username", Kind.TEXT, "mail", "username"),
                    of("password", Kind.TEXT, "mail", "password"),
                    of("egress", Kind.TEXT, "mail", "egress"),
                    of("tls.verify", Kind.BOOLEAN, "mail", "tls", "verify"),
                    of("oauth2.app", Kind.TEXT, "mail", "oauth2", "app"),
                    of("oauth2.provider", Kind.TEXT, "mail", "oauth2", "provider"),
                    of("oauth2.clientId", Kind.TEXT, "mail", "oauth2", "clientId"),
                    of("oauth2.clientSecret", Kind.TEXT, "mail", "oauth2", "clientSecret"),
                    of("oauth2.refreshToken", Kind.TEXT, "mail", "oauth2", "refreshToken"),
                    of("oauth2.tokenUrl", Kind.TEXT, "mail", "oauth2", "tokenUrl"),
                    of("oauth2.scope", Kind.TEXT, "mail", "oauth2", "scope"),
                    of("mailboxes", Kind.LIST, "mailboxes"),
                    of("push", Kind.BOOLEAN, "watch", "push"),
                    of("interval", Kind.DURATION, "watch", "interval"),
                    of("envelopes", Kind.BOOLEAN, "watch", "envelopes"));

    private static CsvColumn of(String title, Kind kind, String... path) {
        return new CsvColumn(title, kind, List.of(path));
    }

    /** The column with a title, in any case; {@code label.NAME} keeps the case of the name. */
    static Optional<CsvColumn> titled(String title) {
        String plain = title.strip();
        if (plain.toLowerCase(Locale.ROOT).startsWith(LABEL) && plain.length() > LABEL.length()) {
            return Optional.of(of(plain, Kind.TEXT, "labels", plain.substring(LABEL.length())));
        }
        return ALL.stream().filter(column -> column.title.equalsIgnoreCase(plain)).findFirst();
    }

    /** All titles, for messages. */
    static String titles() {
        return ALL.stream().map(CsvColumn::title).collect(Collectors.joining(", "))
                + ", label.NAME";
    }

    /**
     * Puts a cell into the document; an empty one leaves it out.
     *
     * @throws IllegalArgumentException when the cell is of the wrong kind; never with the cell
     *     itself, which may be a password in the wrong column
     */
    void put(ObjectNode account, String cell) {
        String value = isSecret() ? cell : cell.strip();
        if (value.isEmpty()) {
            return;
        }
        ObjectNode parent = account;
        for (String member : path.subList(0, path.size() - 1)) {
            parent = parent.withObjectProperty(member);
        }
        String name = path.getLast();
        switch (kind) {
            case TEXT -> parent.put(name, value);
            case INTEGER -> parent.put(name, integer(value));
            case BOOLEAN -> parent.put(name, truth(value));
            case DURATION -> parent.put(name, duration(value));
            case LIST -> parent.set(name, list(value));
        }
    }

    /** The blanks around a secret may be part of it. */
    private boolean isSecret() {
        return switch (path.getLast()) {
            case "password", "clientSecret", "refreshToken" -> true;
            default -> false;
        };
    }

    private int integer(String value) {
        if (!value.matches("\\d{1,9}")) {
            throw new IllegalArgumentException(title + " is not a number");
        }
        return Integer.parseInt(value);
    }

    private boolean truth(String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "true", "yes", "1" -> true;
            case "false", "no", "0" -> false;
            default -> throw new IllegalArgumentException(title + " is neither true nor false");
        };
    }

    private String duration(String value) {
        try {
            return new DurationText().convert(value).toString();
        } catch (TypeConversionException e) {
            throw new IllegalArgumentException(title + " is not a duration such as 2m", e);
        }
    }

    private static ArrayNode list(String value) {
        ArrayNode names = Documents.MAPPER.createArrayNode();
        Arrays.stream(value.split(";"))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .forEach(names::add);
        return names;
    }
}
