package dev.mailbell.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The archive of classes that the launcher lets Java write or map. The launcher keeps only one that
 * a daemon wrote which served; one that Java refuses to map is removed, so that the next start
 * writes another.
 */
final class ClassArchive {
    private ClassArchive() {}

    /** The daemon has served: what it loaded is worth keeping. */
    static void served() {
        try {
            String mark = System.getProperty("mailbell.archive.mark", "");
            if (!mark.isEmpty()) {
                Files.writeString(Path.of(mark), "");
            }
            String archive = System.getProperty("mailbell.archive", "");
            if (!archive.isEmpty() && !isMapped(archive)) {
                Files.deleteIfExists(Path.of(archive));
                log().info(
                                "The archive of classes {} does not fit this Java; it is made anew",
                                archive);
            }
        } catch (IOException e) {
            log().debug("The archive of classes is left as it is: {}", e.toString());
        }
    }

    /** Where the system tells nothing of it, an archive counts as mapped. */
    private static boolean isMapped(String archive) throws IOException {
        Path maps = Path.of("/proc/self/maps");
        if (!Files.isReadable(maps)) {
            return true;
        }
        try (var lines = Files.lines(maps)) {
            return lines.anyMatch(line -> line.endsWith(archive));
        }
    }

    private static Logger log() {
        return LoggerFactory.getLogger(ClassArchive.class);
    }
}
