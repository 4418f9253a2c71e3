#ifndef OPTIONS_H
#define OPTIONS_H

struct options {
    const char *name;
    int loud;
};

/* Reads the command line; gives 0 when it makes no sense. */
int options_parse(struct options *options, int argc, char **argv);

#endif
