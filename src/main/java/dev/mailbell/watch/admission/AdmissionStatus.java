package dev.mailbell.watch.admission;

/**
 * The checks of one kind at one moment.
 *
 * @param running checks that hold a permit
 * @param waiting checks that wait for a permit
 */
public record AdmissionStatus(int running, int waiting) {}
