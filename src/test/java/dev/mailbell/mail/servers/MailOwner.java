package dev.mailbell.mail.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;

/**
 * The operating system's user that owns the mail: "nobody" if the tests run as root, otherwise the
 * user that runs them.
 */
record MailOwner(String user, String group, int uid, int gid) {
    static final boolean IS_ROOT = "root".equals(System.getProperty("user.name"));

    /** The owner of what is made in a folder, once it was {@linkplain #own owned}. */
    static MailOwner of(Path folder) {
        try {
            own(folder);
            PosixFileAttributeView view =
                    Files.getFileAttributeView(folder, PosixFileAttributeView.class);
            return new MailOwner(
                    view.readAttributes().owner().getName(),
                    view.readAttributes().group().getName(),
                    (Integer) Files.getAttribute(folder, "unix:uid"),
                    (Integer) Files.getAttribute(folder, "unix:gid"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gives a file or folder to the owner of the mail. */
    static Path own(Path path) throws IOException {
        if (IS_ROOT) {
            UserPrincipalLookupService users = path.getFileSystem().getUserPrincipalLookupService();
            PosixFileAttributeView view =
                    Files.getFileAttributeView(path, PosixFileAttributeView.class);
            view.setOwner(users.lookupPrincipalByName("nobody"));
            view.setGroup(users.lookupPrincipalByGroupName("nogroup"));
        }
        return path;
    }
}
