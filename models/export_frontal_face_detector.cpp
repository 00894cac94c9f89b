// Writes frontal_face_detector.dat from the face detector inside dlib's headers.
//
// dlib keeps the detector as compressed text and splits its filters into separable ones each time it is loaded
// (scan_fhog_pyramid::build_fhog_filterbank). This program lets dlib do both once and writes the result with dlib's
// serialization, so that a reader needs neither. The order of the file is the order of this program.
//
// With Debian's libdlib-dev (dlib 19.24), in this folder:
//
//     g++ -O2 -std=c++14 export_frontal_face_detector.cpp -o export -ldlib -lblas -llapack
//     ./export > frontal_face_detector.dat

#include <dlib/image_processing/frontal_face_detector.h>
#include <iostream>

using dlib::serialize;

int main()
{
    const dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
    const auto& scanner = detector.get_scanner();
    std::ostream& out = std::cout;

    serialize(1, out);  // the version of this file
    serialize(std::string("frontal_face_detector"), out);
    serialize(scanner.get_detection_window_width(), out);
    serialize(scanner.get_detection_window_height(), out);
    serialize(scanner.get_cell_size(), out);
    serialize(scanner.get_padding(), out);
    serialize(scanner.get_min_pyramid_layer_width(), out);
    serialize(scanner.get_min_pyramid_layer_height(), out);
    serialize(scanner.get_max_pyramid_levels(), out);
    serialize(detector.get_overlap_tester(), out);

    serialize(detector.num_detectors(), out);
    for (unsigned long d = 0; d < detector.num_detectors(); ++d)
    {
        const auto& bank = detector.get_processed_w(d).get_detect_argument();
        serialize(detector.get_w(d)(scanner.get_num_dimensions()), out);  // the threshold
        serialize(bank.num_separable_filters(), out);
        for (unsigned long plane = 0; plane < bank.row_filters.size(); ++plane)
        {
            for (unsigned long i = 0; i < bank.row_filters[plane].size(); ++i)
            {
                serialize(plane, out);
                serialize(bank.row_filters[plane][i], out);  // 10 x 1 numbers
                serialize(bank.col_filters[plane][i], out);  // 10 x 1 numbers
            }
        }
    }
    return out.flush() ? 0 : 1;
}
