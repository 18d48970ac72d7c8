package dev.mailbell.mail.text;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Finds secrets in the texts of servers, which may repeat what they were sent: in upper or lower
 * case, with marks between, backwards, in Base64 also within a longer text, in hexadecimal or
 * percent-encoded, whole or a part of it.
 */
public final class SecretTraces {
    private static final String REDACTED = "[redacted]";

    /** Only parts with digits are compared, because ordinary words may be in a secret by chance. */
    private static final Pattern PART = Pattern.compile("(?=\\p{L}*\\p{N})[\\p{L}\\p{N}]{4,}");

    private static final int PIECE = 8;

    /** An encoding of fewer characters is in a text by chance. */
    private static final int SHORTEST_ENCODING = 4;

    private static final Pattern MARKS = Pattern.compile("[^\\p{L}\\p{N}]+");
    private static final Pattern BROKEN_ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})");
    private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/_-]{6,}");
    private static final Pattern QUOTED = Pattern.compile("\".*\"", Pattern.DOTALL);
    private static final int GROUP = 4;

    private final List<String> secrets;

    /** Each secret forwards and backwards, without marks and in lower case. */
    private final List<String> plain;

    /** The same and its encodings, whose short parts are too much alike any number. */
    private final List<String> forms;

    /** Every sequence of {@value #PIECE} characters of these. */
    private final Set<String> pieces;

    public SecretTraces(Iterable<String> secrets) {
        this.secrets =
                StreamSupport.stream(secrets.spliterator(), false)
                        .filter(secret -> !secret.isEmpty())
                        .toList();
        this.plain =
                this.secrets.stream()
                        .flatMap(secret ->
                                Stream.of(secret, new StringBuilder(secret).reverse().toString()))
                        .map(SecretTraces::bare)
                        .filter(form -> !form.isEmpty())
                        .distinct()
                        .toList();
        this.forms =
                Stream.concat(
                                plain.stream(),
                                this.secrets.stream().flatMap(SecretTraces::encodings))
                        .distinct()
                        .toList();
        this.pieces = forms.stream().flatMap(SecretTraces::piecesOf).collect(Collectors.toSet());
    }

    private static Stream<String> encodings(String secret) {
        byte[] octets = secret.getBytes(StandardCharsets.UTF_8);
        return Stream.of(base64(secret), HexFormat.of().formatHex(octets))
                .map(SecretTraces::bare)
                .filter(form -> form.length() >= SHORTEST_ENCODING);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String bare(String text) {
        return MARKS.matcher(text).replaceAll("").toLowerCase(Locale.ROOT);
    }

    /** Whether a text has a secret or a part of one in it. */
    public boolean in(String text) {
        if (secrets.stream().anyMatch(secret -> indexOf(text, secret) >= 0)) {
            return true;
        }
        String decoded =
                URLDecoder.decode(
                        BROKEN_ESCAPE.matcher(text).replaceAll("%25"), StandardCharsets.UTF_8);
        List<String> readings = new ArrayList<>(List.of(text, decoded));
        addDecoded(text, readings);
        addDecoded(decoded, readings);
        return readings.stream().anyMatch(this::holdsPart);
    }

    /** Adds what the text's runs of Base64 letters stand for, whatever precedes them. */
    private static void addDecoded(String text, List<String> readings) {
        Matcher runs = BASE64.matcher(text);
        while (runs.find()) {
            String run = runs.group().replace('-', '+').replace('_', '/');
            for (int start = 0; start < GROUP; start++) {
                // One letter over a whole number of groups stands for no octet.
                int length = run.length() - start;
                int usable = length % GROUP == 1 ? length - 1 : length;
                if (usable > 1) {
                    byte[] octets =
                            Base64.getDecoder().decode(run.substring(start, start + usable));
                    readings.add(new String(octets, StandardCharsets.UTF_8));
                    readings.add(new String(octets, StandardCharsets.ISO_8859_1));
                }
            }
        }
    }

    private boolean holdsPart(String text) {
        String whole = bare(text);
        if (forms.stream().anyMatch(whole::contains) || holdsPiece(whole)) {
            return true;
        }
        return MARKS.splitAsStream(text.toLowerCase(Locale.ROOT))
                .filter(part -> PART.matcher(part).matches())
                .anyMatch(part -> plain.stream().anyMatch(form -> form.contains(part)));
    }

    /** Whether the text and a secret have a sequence of {@value #PIECE} characters in common. */
    private boolean holdsPiece(String whole) {
        for (int end = PIECE; end <= whole.length(); end++) {
            if (pieces.contains(whole.substring(end - PIECE, end))) {
                return true;
            }
        }
        return false;
    }

    private static Stream<String> piecesOf(String form) {
        return IntStream.rangeClosed(PIECE, form.length())
                .mapToObj(end -> form.substring(end - PIECE, end));
    }

    /** The text with {@code [redacted]} where a secret was; wholly, where it is not found so. */
    public String redact(String text) {
        String rest = withoutPlain(text);
        return in(rest) ? REDACTED : rest;
    }

    /**
     * The same for a message that quotes a server's text between quotation marks: its own words
     * stay.
     */
    public String redactQuotation(String message) {
        if (!in(message)) {
            return message;
        }
        String rest = withoutPlain(message);
        if (!in(rest)) {
            return rest;
        }
        String unquoted =
                QUOTED.matcher(rest).replaceFirst(Matcher.quoteReplacement('"' + REDACTED + '"'));
        return in(unquoted)
                ? "The server's answer is not shown, because it repeats a secret."
                : unquoted;
    }

    /** Replaces the secrets that stand there as they are, or in another case. */
    private String withoutPlain(String text) {
        String rest = text;
        for (String secret : secrets) {
            StringBuilder replaced = new StringBuilder();
            int from = 0;
            for (int at = indexOf(rest, secret, from); at >= 0; at = indexOf(rest, secret, from)) {
                replaced.append(rest, from, at).append(REDACTED);
                from = at + secret.length();
            }
            rest = replaced.append(rest, from, rest.length()).toString();
        }
        return rest;
    }

    private static int indexOf(String text, String secret) {
        return indexOf(text, secret, 0);
    }

    private static int indexOf(String text, String secret, int from) {
        for (int at = from; at <= text.length() - secret.length(); at++) {
            if (text.regionMatches(true, at, secret, 0, secret.length())) {
                return at;
            }
        }
        return -1;
    }
}
