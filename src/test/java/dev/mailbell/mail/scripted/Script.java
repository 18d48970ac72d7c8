package dev.mailbell.mail.scripted;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The script of a {@link ScriptedServer}, one step a line:
 *
 * <pre>
 * # a comment; empty lines mean nothing
 * S: +OK ready              the server sends this line with CRLF
 * C: {tag} LOGIN {*}        the client must send this line; {tag} takes any word, {*} anything
 * S: {tag} OK done          what {tag} took
 * ! raw \xb5\xc7\r\n        sends octets; \r \n \t \\ \xNN are escapes; {tag} as above
 * ! repeat 500 x            sends the octets so many times
 * ! forever x\r\n           sends the octets until the client hangs up
 * ! drip 20 +OK hello\r\n   sends the octets one by one, so many milliseconds apart
 * ! tls                     shakes hands as a TLS server
 * ! tls refused             tries to, but the client must not agree
 * ! wait go                 until the test calls {@link ScriptedServer#go}
 * ! silence                 says nothing, whatever the client says, until it hangs up
 * ! anything                lets the client say what it likes until it hangs up, which it may do
 *                           while the server still speaks; QUIT is answered
 * ! drop                    closes the connection; ! reset does so the hard way
 * ---                       what follows is for the next connection
 * </pre>
 */
final class Script {

    /** One line of a script. */
    record Step(int line, String word, String text) {}

    private Script() {}

    /** The steps of each connection. */
    static List<List<Step>> parse(String script) {
        List<List<Step>> connections = new ArrayList<>();
        List<Step> steps = new ArrayList<>();
        int number = 0;
        for (String line : script.lines().map(String::strip).toList()) {
            number++;
            if (line.equals("---")) {
                connections.add(steps);
                steps = new ArrayList<>();
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                steps.add(step(number, line));
            }
        }
        connections.add(steps);
        return connections;
    }

    private static Step step(int number, String line) {
        if (line.startsWith("S:") || line.startsWith("C:")) {
            String text = line.substring(2);
            return new Step(
                    number, line.substring(0, 2), text.startsWith(" ") ? text.substring(1) : text);
        }
        if (!line.startsWith("! ")) {
            throw new IllegalArgumentException("line " + number + " is no step: " + line);
        }
        String[] parts = line.substring(2).strip().split(" ", 2);
        return new Step(number, parts[0], parts.length > 1 ? parts[1] : "");
    }

    /** A script among the test resources, for example {@code transcripts/pop3/sina.txt}. */
    static String resource(String path) {
        try (InputStream in = Script.class.getClassLoader().getResourceAsStream(path)) {
            return new String(
                    Objects.requireNonNull(in, () -> "no resource " + path).readAllBytes(),
                    StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Decodes escaped text into octets. */
    static byte[] octets(String escaped) {
        StringBuilder latin1 = new StringBuilder();
        for (int i = 0; i < escaped.length(); i++) {
            char c = escaped.charAt(i);
            if (c != '\\') {
                latin1.append(c);
                continue;
            }
            char kind = escaped.charAt(++i);
            switch (kind) {
                case 'r' -> latin1.append('\r');
                case 'n' -> latin1.append('\n');
                case 't' -> latin1.append('\t');
                case 'x' -> {
                    latin1.append((char) Integer.parseInt(escaped.substring(i + 1, i + 3), 16));
                    i += 2;
                }
                default -> latin1.append(kind);
            }
        }
        return latin1.toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
