package dev.mailbell;

/** Which Mailbell this is. */
public final class Version {
    private Version() {}

    /** As the jar's manifest says; {@code dev} when run from classes. */
    public static String current() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }
}
