package dev.mailbell.cli.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The class-data sharing archive that the launcher lets Java write or map. The launcher keeps an
 * archive only if the daemon that wrote it has served. An archive that Java refuses to map is
 * deleted, so that the next start writes a new one. An AOT cache that Java refuses is only
 * reported, because it belongs to the installation.
 */
final class ClassArchive {
    private ClassArchive() {}

    /** Marks the archive of this process as worth keeping, because the daemon serves. */
    static void served() {
        try {
            String marker = System.getProperty("mailbell.archive.mark", "");
            if (!marker.isEmpty()) {
                Files.writeString(Path.of(marker), "");
            }
            String archive = System.getProperty("mailbell.archive", "");
            if (!archive.isEmpty() && !isMapped(archive)) {
                Files.deleteIfExists(Path.of(archive));
                log().info(
                                "The archive of classes {} does not fit this Java; it is made anew",
                                archive);
            }
            String cache = System.getProperty("mailbell.cache", "");
            if (!cache.isEmpty() && !isMapped(cache)) {
                log().info(
                                "The AOT cache {} does not fit this Java or its options; this start"
                                        + " does without it",
                                cache);
            }
        } catch (IOException e) {
            log().debug("The archive of classes is left as it is: {}", e.toString());
        }
    }

    /** On systems without {@code /proc/self/maps}, an archive counts as mapped. */
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
