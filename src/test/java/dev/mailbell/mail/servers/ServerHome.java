package dev.mailbell.mail.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A server's folder, its processes and its ports. */
final class ServerHome {
    private static final Duration START = Duration.ofSeconds(180);

    private final String name;
    private final Path folder;
    private final MailOwner owner;
    private final List<Process> processes = new ArrayList<>();
    private final List<AutoCloseable> helpers = new ArrayList<>();

    ServerHome(String name) {
        this.name = name;
        try {
            folder = Files.createTempDirectory("mailbell-" + name + "-");
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        owner = MailOwner.of(folder);
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, name + "-stop"));
    }

    Path folder() {
        return folder;
    }

    MailOwner owner() {
        return owner;
    }

    /** A folder within, which belongs to the owner of the mail. */
    Path makeFolder(String path) {
        try {
            Path made = folder;
            for (Path part : Path.of(path)) {
                made = made.resolve(part);
                if (!Files.exists(made)) {
                    MailOwner.own(Files.createDirectory(made));
                }
            }
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path write(String file, String text) {
        try {
            return Files.writeString(folder.resolve(file), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Is closed when the server ends. */
    void closeAtEnd(AutoCloseable helper) {
        helpers.add(helper);
    }

    /** Starts a program and waits until it listens on all of the ports. */
    void start(Map<String, String> environment, List<String> command, int... ports) {
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(
                                    ProcessBuilder.Redirect.appendTo(
                                            folder.resolve("out.log").toFile()))
                            .directory(folder.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            process.getOutputStream().close();
            processes.add(process);
            for (int port : ports) {
                awaitPort(process, port);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitPort(Process process, int port) throws IOException {
        long end = System.nanoTime() + START.toNanos();
        while (!listens(port)) {
            if (!process.isAlive() || System.nanoTime() - end > 0) {
                throw new IllegalStateException(
                        name + " does not start: " + Files.readString(folder.resolve("out.log")));
            }
            try {
                process.waitFor(20, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while " + name + " starts", e);
            }
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    private void stop() {
        try {
            for (Process process : processes) {
                List<ProcessHandle> children = process.descendants().toList();
                process.destroy();
                children.forEach(ProcessHandle::destroy);
                if (!process.waitFor(5, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
                children.forEach(ProcessHandle::destroyForcibly);
            }
            for (AutoCloseable helper : helpers) {
                helper.close();
            }
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (Exception e) {
            System.err.println("the folder of " + name + ", " + folder + ", is left behind: " + e);
        }
    }
}
