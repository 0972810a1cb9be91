// The bounds of histograms that gRFC A66 rules.
#pragma once

namespace pintle {

inline constexpr double kLatencyBounds[] = {0,    .00001, .00005, .0001, .0003, .0006, .0008, .001, .002, .003, .004,
                                            .005, .006,   .008,   .01,   .013,  .016,  .02,   .025, .03,  .04,  .05,
                                            .065, .08,    .1,     .13,   .16,   .2,    .25,   .3,   .4,   .5,   .65,
                                            .8,   1,      2,      5,     10,    20,    50,    100};
inline constexpr double kSizeBounds[] = {0,       1024,    2048,     4096,     16384,     65536,      262144,
                                         1048576, 4194304, 16777216, 67108864, 268435456, 1073741824, 4294967296};

}  // namespace pintle
