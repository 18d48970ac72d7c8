package dev.mailbell.mail.scripted;

import dev.mailbell.mail.scripted.Script.Step;
import dev.mailbell.mail.scripted.ScriptedServer.Deviation;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Plays the steps of one connection. */
final class Player {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\*|[a-z]+)}");

    private final ScriptedServer server;
    private final StringBuffer transcript;
    private final Map<String, String> words = new HashMap<>();
    private Socket socket;
    private InputStream in;
    private OutputStream out;

    Player(ScriptedServer server, Socket socket, StringBuffer transcript) throws IOException {
        this.server = server;
        this.transcript = transcript;
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
    }

    void play(List<Step> steps) throws IOException, InterruptedException {
        for (int i = 0; i < steps.size(); i++) {
            try {
                if (!play(steps.get(i))) {
                    return;
                }
            } catch (SocketException gone) {
                if (mayHangUp(steps.subList(i, steps.size()))) {
                    return;
                }
                throw gone;
            }
        }
        String more = line();
        if (more != null) {
            throw new Deviation("the script is over but the client says: " + more);
        }
    }

    /** Whether the client may close the connection before these steps. */
    private static boolean mayHangUp(List<Step> left) {
        return left.getLast().word().equals("anything")
                && left.stream().noneMatch(step -> step.word().equals("C:"));
    }

    /** Returns whether the connection stays open. */
    private boolean play(Step step) throws IOException, InterruptedException {
        switch (step.word()) {
            case "S:" -> send((filled(step.text()) + "\r\n").getBytes(StandardCharsets.UTF_8));
            case "C:" -> expect(step);
            case "raw" -> send(Script.octets(filled(step.text())));
            case "repeat" -> {
                String[] parts = step.text().split(" ", 2);
                send(Script.octets(parts[1].repeat(Integer.parseInt(parts[0]))));
            }
            case "drip" -> drip(step.text().split(" ", 2));
            case "wait" ->
                    server.latch(step.text())
                            .await(ScriptedServer.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            case "tls" -> {
                if (step.text().equals("refused")) {
                    refuseHands();
                    return false;
                }
                socket = TestTls.shakeHands(socket);
                in = new BufferedInputStream(socket.getInputStream());
                out = socket.getOutputStream();
            }
            case "forever" -> {
                flood(Script.octets(step.text()));
                return false;
            }
            case "silence" -> {
                untilGone(null);
                return false;
            }
            case "anything" -> {
                untilGone("QUIT");
                return false;
            }
            case "drop" -> {
                socket.close();
                return false;
            }
            case "reset" -> {
                socket.setSoLinger(true, 0);
                socket.close();
                return false;
            }
            default -> throw new Deviation("line " + step.line() + " is no step: " + step.word());
        }
        return true;
    }

    private void send(byte[] octets) throws IOException {
        String said = new String(octets, StandardCharsets.UTF_8).strip();
        transcript.append("S: ").append(said.length() > 500 ? "…" : said).append('\n');
        out.write(octets);
        out.flush();
    }

    private void drip(String[] parts) throws IOException, InterruptedException {
        for (byte octet : Script.octets(parts[1])) {
            try {
                out.write(octet);
            } catch (IOException gone) {
                return;
            }
            Thread.sleep(Integer.parseInt(parts[0]));
        }
    }

    private void flood(byte[] octets) {
        byte[] many = new byte[Math.max(1, 8192 / octets.length) * octets.length];
        for (int i = 0; i < many.length; i++) {
            many[i] = octets[i % octets.length];
        }
        try {
            while (true) {
                out.write(many);
            }
        } catch (IOException gone) {
            transcript.append("(the client hung up)\n");
        }
    }

    private void refuseHands() throws IOException {
        try {
            TestTls.shakeHands(socket).getInputStream().read();
        } catch (SSLException | EOFException | SocketException refused) {
            transcript.append("(the client refused TLS)\n");
            return;
        }
        throw new Deviation("the client took a certificate that it had to refuse");
    }

    /** Reads on, and answers only a goodbye, if any: a client waits for the answer. */
    private void untilGone(@Nullable String goodbye) {
        try {
            for (String line = line(); line != null; line = line()) {
                if (line.equals(goodbye)) {
                    send("+OK\r\n".getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException gone) {
            transcript.append("(the client hung up)\n");
        }
    }

    private void expect(Step step) throws IOException {
        String line = line();
        String expected = filled(step.text());
        if (line == null || !matches(step.text(), line)) {
            throw new Deviation(
                    "line "
                            + step.line()
                            + " of the script\n  expects: "
                            + expected
                            + "\n  but got: "
                            + (line == null ? "(the end of the connection)" : line));
        }
    }

    /** Matches a line and keeps the values of its placeholders. */
    private boolean matches(String pattern, String line) {
        StringBuilder regex = new StringBuilder();
        Matcher placeholder = PLACEHOLDER.matcher(pattern);
        Map<String, Integer> groups = new HashMap<>();
        int at = 0;
        while (placeholder.find()) {
            regex.append(Pattern.quote(pattern.substring(at, placeholder.start())));
            regex.append(placeholder.group(1).equals("*") ? "(.*)" : "(\\S+)");
            groups.put(placeholder.group(1), groups.size() + 1);
            at = placeholder.end();
        }
        regex.append(Pattern.quote(pattern.substring(at)));
        Matcher matcher = Pattern.compile(regex.toString()).matcher(line);
        if (!matcher.matches()) {
            return false;
        }
        groups.forEach((name, group) -> words.put(name, matcher.group(group)));
        return true;
    }

    private String filled(String text) {
        return PLACEHOLDER
                .matcher(text)
                .replaceAll(
                        m -> Matcher.quoteReplacement(words.getOrDefault(m.group(1), m.group())));
    }

    /** The client's next line; null at the end. */
    private @Nullable String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int octet;
        while ((octet = in.read()) >= 0 && octet != '\n') {
            line.write(octet);
        }
        if (octet < 0 && line.size() == 0) {
            return null;
        }
        String text = line.toString(StandardCharsets.UTF_8).stripTrailing();
        transcript.append("C: ").append(text).append('\n');
        return text;
    }
}
