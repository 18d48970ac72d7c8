package dev.mailbell.e2e;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * The classes of the daemons that tests start: those of this build in a jar, because Java's archive
 * of loaded classes takes jars only. With the archive a daemon is ready in half of the time. The
 * first node of the first cluster writes it when it ends; it stays in use until the classes change.
 */
final class DaemonClasses {
    private static final String MAIN = "dev/mailbell/cli/Main.class";

    private final Path folder;
    private final String classPath;

    /** Held by the test JVM whose daemon writes the archive. */
    private @Nullable FileLock writing;

    private DaemonClasses(Path folder, String classPath) {
        this.folder = folder;
        this.classPath = classPath;
    }

    private static final class Shared {
        static final DaemonClasses CLASSES = prepare();
    }

    static DaemonClasses shared() {
        return Shared.CLASSES;
    }

    private static DaemonClasses prepare() {
        String given =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> jars = new ArrayList<>();
        List<Path> main = new ArrayList<>();
        for (String entry : given.split(File.pathSeparator)) {
            Path path = Path.of(entry);
            if (Files.isRegularFile(path)) {
                jars.add(entry);
            } else if (Files.exists(path.resolve(MAIN))) {
                main.add(path);
            }
        }
        try {
            Path classes = main.getFirst();
            Path folder =
                    Path.of(System.getProperty("basedir", ""))
                            .toAbsolutePath()
                            .resolve("target/test-daemon")
                            .resolve(fingerprint(classes, String.join(File.pathSeparator, jars)));
            removeOld(folder);
            Files.createDirectories(folder);
            Path jar = folder.resolve("mailbell.jar");
            if (!Files.exists(jar)) {
                Path written = folder.resolve(UUID.randomUUID() + ".jar");
                pack(classes, written);
                Files.move(written, jar, StandardCopyOption.ATOMIC_MOVE);
            }
            jars.addFirst(jar.toString());
            return new DaemonClasses(folder, String.join(File.pathSeparator, jars));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of builds before; their daemons have ended, or have the files open. */
    private static void removeOld(Path current) throws IOException {
        if (!Files.exists(current.getParent())) {
            return;
        }
        try (Stream<Path> folders = Files.list(current.getParent())) {
            for (Path old : folders.filter(folder -> !folder.equals(current)).toList()) {
                remove(old);
            }
        }
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException gone) {
            // Another test JVM removes the same folder.
            return;
        } catch (UncheckedIOException e) {
            if (!(e.getCause() instanceof NoSuchFileException)) {
                throw e;
            }
        }
    }

    private static String fingerprint(Path classes, String jars) throws IOException {
        try (Stream<Path> files = Files.walk(classes)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((jars + Runtime.version()).getBytes(StandardCharsets.UTF_8));
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                digest.update(file.toString().getBytes(StandardCharsets.UTF_8));
                digest.update(Files.readAllBytes(file));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static void pack(Path classes, Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> files = Files.walk(classes)) {
            for (Path each : files.filter(path -> !path.equals(classes)).sorted().toList()) {
                String name = classes.relativize(each).toString().replace(File.separatorChar, '/');
                // With folders: migrations are found by the name of theirs.
                boolean folder = Files.isDirectory(each);
                out.putNextEntry(new ZipEntry(folder ? name + "/" : name));
                if (!folder) {
                    Files.copy(each, out);
                }
            }
        }
    }

    String classPath() {
        return classPath;
    }

    private Path archive() {
        return folder.resolve("classes.jsa");
    }

    /** Whether daemons that are started now have the archive. */
    boolean areArchived() {
        return Files.exists(archive());
    }

    /** The options of Java for a daemon. */
    List<String> options() {
        return areArchived()
                ? List.of("-XX:SharedArchiveFile=" + archive(), "-Xlog:cds=off", "-Xlog:aot=off")
                : List.of();
    }

    /**
     * The options of Java for a daemon that writes the archive to a file when it ends, which takes
     * seconds of a core. Empty when the archive is there, or a daemon of another test JVM writes
     * it.
     */
    synchronized List<String> optionsToWrite(Path own) throws IOException {
        if (areArchived() || writing != null) {
            return List.of();
        }
        FileChannel file =
                FileChannel.open(
                        folder.resolve("writing"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        writing = file.tryLock();
        if (writing == null) {
            file.close();
            return List.of();
        }
        return List.of("-XX:ArchiveClassesAtExit=" + own, "-Xlog:cds=off", "-Xlog:aot=off");
    }

    /** A file for the archive of one daemon. */
    Path ownArchive() {
        return folder.resolve(UUID.randomUUID() + ".jsa");
    }

    /** A daemon has ended by itself: what it wrote becomes the archive of the next ones. */
    synchronized void written(Path own) throws IOException {
        Files.move(own, archive(), StandardCopyOption.ATOMIC_MOVE);
        if (writing != null) {
            writing.acquiredBy().close();
            writing = null;
        }
    }
}
