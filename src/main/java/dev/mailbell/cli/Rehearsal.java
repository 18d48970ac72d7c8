package dev.mailbell.cli;

import dev.mailbell.cli.terminal.Environment;
import dev.mailbell.cli.terminal.Terminal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;

/**
 * Runs commands once against a stand-in for the API, so that the archive of classes that Java makes
 * at the end of this process has what commands need, whichever command it was. The launcher asks
 * for it where there is no archive yet.
 */
final class Rehearsal {
    private static final String ANSWER =
            """
            {"items":[{"id":"0","state":"watching","failure":{"code":"timeout"},"mail":{"host":"h"},\
            "labels":{"a":"b"},"events":["*"],"type":"mail.new","data":{"newCount":1},\
            "attempts":[{"at":"x"}]}],"nextCursor":null}\
            """;

    private static final List<List<String>> COMMANDS =
            List.of(
                    List.of("accounts", "list"),
                    List.of("accounts", "show", "a"),
                    List.of("webhooks", "list", "--json"),
                    List.of("deliveries", "list", "0"),
                    List.of("events", "list"),
                    List.of("status", "--once"));

    private Rehearsal() {}

    /** Whether the launcher asks for it. */
    static boolean isWanted() {
        return Boolean.getBoolean("mailbell.archive.rehearse");
    }

    static void run() {
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread.ofPlatform().daemon().start(() -> serve(server));
            Environment environment =
                    new Environment(
                            Map.of(
                                    "MAILBELL_URL",
                                    "http://127.0.0.1:" + server.getLocalPort(),
                                    "MAILBELL_KEY",
                                    "rehearsal"),
                            new Terminal(80, true),
                            Terminal.NONE,
                            InputStream.nullInputStream(),
                            question -> Optional.empty(),
                            InstantSource.system());
            for (List<String> command : COMMANDS) {
                String[] arguments = command.toArray(String[]::new);
                CommandLine line = Main.commandLine(environment, arguments);
                line.setOut(new PrintWriter(OutputStream.nullOutputStream()));
                line.setErr(new PrintWriter(OutputStream.nullOutputStream()));
                line.execute(arguments);
            }
        } catch (IOException e) {
            // Without loopback the archive has fewer classes, and commands start a little later.
            return;
        }
    }

    private static void serve(ServerSocket server) {
        try {
            while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                    answer(socket);
                }
            }
        } catch (IOException e) {
            // Closed, because all commands have run.
            return;
        }
    }

    private static void answer(Socket socket) throws IOException {
        BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        String line = in.readLine();
        while (line != null && !line.isEmpty()) {
            line = in.readLine();
        }
        socket.getOutputStream()
                .write(
                        ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                                        + "Content-Length: "
                                        + ANSWER.length()
                                        + "\r\n\r\n"
                                        + ANSWER)
                                .getBytes(StandardCharsets.UTF_8));
    }
}
