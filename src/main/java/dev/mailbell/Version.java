package dev.mailbell;

/** The version of this Mailbell. */
public final class Version {
    private Version() {}

    /** The version in the jar's manifest; {@code dev} when run from class files. */
    public static String current() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }
}
