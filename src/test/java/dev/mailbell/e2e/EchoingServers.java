package dev.mailbell.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mailbell.mail.scripted.LoopbackServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * Mail servers, a token endpoint and a webhook's receiver that repeat in their refusals what they
 * were sent; the user name says in which form.
 */
final class EchoingServers implements AutoCloseable {
    /** The user names of IMAP, each a form. The last one is let in and refused later. */
    static final List<String> FORMS =
            List.of("plain", "upper", "base64", "sasl", "percent", "hex", "spaced", "later");

    private final LoopbackServer imap = new LoopbackServer("imap", EchoingServers::imap);
    private final LoopbackServer pop3 = new LoopbackServer("pop3", EchoingServers::pop3);
    private final HttpServer http;
    private final List<String> received = new CopyOnWriteArrayList<>();

    EchoingServers() {
        try {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        http.createContext("/token", EchoingServers::token);
        http.createContext("/hook", this::hook);
        http.start();
    }

    int imapPort() {
        return imap.port();
    }

    int pop3Port() {
        return pop3.port();
    }

    String url(String path) {
        return "http://127.0.0.1:" + http.getAddress().getPort() + path;
    }

    /** What the webhook's receiver got: headers and body of each request. */
    List<String> received() {
        return received;
    }

    private static void imap(Socket socket) throws IOException {
        BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        OutputStream out = socket.getOutputStream();
        write(out, "* OK ready");
        String echo = "";
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            String tag = words[0];
            switch (words[1].toUpperCase(Locale.ROOT)) {
                case "CAPABILITY" -> {
                    write(out, "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR");
                    write(out, tag + " OK done");
                }
                case "AUTHENTICATE" -> {
                    String sasl = words.length > 3 ? words[3] : continued(in, out);
                    String[] parts =
                            new String(Base64.getDecoder().decode(sasl), StandardCharsets.UTF_8)
                                    .split("\0", -1);
                    echo = echo(parts[1], parts[2], sasl);
                    boolean accepted = parts[1].equals("later");
                    write(
                            out,
                            tag
                                    + (accepted
                                            ? " OK welcome"
                                            : " NO [AUTHENTICATIONFAILED] wrong: " + echo));
                }
                case "LOGOUT" -> {
                    write(out, "* BYE");
                    write(out, tag + " OK bye");
                    return;
                }
                case "ID", "NOOP" -> write(out, tag + " OK done");
                default -> write(out, tag + " NO [SERVERBUG] not with password " + echo);
            }
        }
    }

    private static String continued(BufferedReader in, OutputStream out) throws IOException {
        write(out, "+ ");
        return String.valueOf(in.readLine());
    }

    private static String echo(String form, String password, String sasl) {
        byte[] octets = password.getBytes(StandardCharsets.UTF_8);
        return switch (form) {
            case "upper" -> password.toUpperCase(Locale.ROOT);
            case "base64" -> Base64.getEncoder().withoutPadding().encodeToString(octets);
            case "sasl" -> sasl;
            case "percent" -> URLEncoder.encode(password, StandardCharsets.UTF_8);
            case "hex" -> HexFormat.of().formatHex(octets);
            case "spaced" -> String.join(" ", password.split("", -1));
            default -> password;
        };
    }

    private static void pop3(Socket socket) throws IOException {
        BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        OutputStream out = socket.getOutputStream();
        write(out, "+OK ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.startsWith("USER") || line.startsWith("QUIT")) {
                write(out, "+OK");
            } else {
                write(out, "-ERR not " + line);
            }
        }
    }

    private static void write(OutputStream out, String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static void token(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        answer(
                exchange,
                400,
                "{\"error\": \"invalid_grant\", \"error_description\": \"not with " + body + "\"}");
    }

    private void hook(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        received.add(exchange.getRequestHeaders().entrySet() + "\n" + body);
        answer(exchange, 500, "refused " + exchange.getRequestHeaders().entrySet() + body);
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        try (exchange) {
            byte[] octets = text.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, octets.length);
            exchange.getResponseBody().write(octets);
        }
    }

    @Override
    public void close() throws IOException {
        imap.close();
        pop3.close();
        http.stop(0);
    }
}
